import * as tf from '@tensorflow/tfjs-core';
import { expectClose } from '@audio-ssl/testing';
import { expect, test } from 'vitest';

test('the backend that was asked for runs a gradient', async () => {
  const wanted = process.env['AUDIO_SSL_BACKEND'];
  if (wanted) expect(tf.getBackend()).toBe(wanted);
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const gradient = tf.grad((x) => tf.sum(tf.matMul(x, x, false, true)))(x);
  await expectClose(gradient, [8, 12, 8, 12], { absolute: 1e-6 });
});
