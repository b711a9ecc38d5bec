import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Runs `f`, disposes the tensors in what it returns, and expects that no tensor is left over. */
export async function expectNoLeak<T extends tf.TensorContainer>(f: () => T | Promise<T>): Promise<void> {
  const before = tf.memory().numTensors;
  const result = await f();
  tf.dispose(result);
  expect(tf.memory().numTensors, 'tensors left over').toBe(before);
}
