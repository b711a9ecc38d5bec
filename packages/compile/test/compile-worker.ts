import { parentPort } from 'node:worker_threads';
import { startBackend } from '@audio-ssl/backend';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../src/index.js';

await startBackend();
const triple = compile((x: tf.Tensor) => tf.mul(x, 3));
parentPort!.postMessage([...(await triple(tf.tensor1d([1, 2, 3])).data())]);
