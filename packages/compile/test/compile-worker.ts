import { parentPort } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import '@audio-ssl/testing/start-backend';
import { compile } from '../src/index.js';

const triple = compile((x: tf.Tensor) => tf.mul(x, 3));
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
parentPort!.postMessage([...(await triple(tf.tensor1d([1, 2, 3])).data())]);
