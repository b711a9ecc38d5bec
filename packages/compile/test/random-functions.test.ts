import { disposeTree } from '@audio-ssl/params';
import { expectClose } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/index.js';

type Step = (x: tf.Tensor, rows: number, columns: number) => tf.Tensor;

/** Every step takes (R, C) to (R, C) and keeps values near 1, so that errors of long chains stay comparable. */
const steps: Readonly<Record<string, Step>> = {
  add: (x) => tf.add(x, 0.5),
  subtractMean: (x) => tf.sub(x, tf.mean(x, 1, true)),
  multiply: (x) => tf.mul(x, tf.sigmoid(x)),
  divide: (x) => tf.div(x, tf.add(tf.max(tf.abs(x)), 1)),
  square: (x) => tf.tanh(tf.square(x)),
  exponential: (x) => tf.exp(tf.neg(tf.square(x))),
  logarithm: (x) => tf.log(tf.add(tf.abs(x), 1)),
  root: (x) => tf.sqrt(tf.add(tf.square(x), 0.1)),
  inverseRoot: (x) => tf.rsqrt(tf.add(tf.square(x), 0.5)),
  erf: (x) => tf.erf(x),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.div(tf.logSoftmax(x), 10),
  relu: (x) => tf.relu(x),
  clip: (x) => tf.clipByValue(x, -0.7, 0.7),
  where: (x) => tf.where(tf.greater(x, 0.1), x, tf.mul(x, 0.2)),
  cast: (x) => tf.add(x, tf.cast(tf.less(x, 0), 'float32')),
  matMul: (x) => tf.tanh(tf.matMul(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true), x as tf.Tensor2D)),
  batchMatMul: (x, r, c) => {
    const stack = tf.stack([x, tf.neg(x)]) as tf.Tensor3D; // (2, R, C)
    return tf.tanh(tf.reshape(tf.mean(tf.matMul(tf.matMul(stack, stack, false, true), stack), 0), [r, c]));
  },
  transpose: (x) => tf.transpose(tf.reverse(tf.transpose(x), 0)),
  reshape: (x, r, c) => tf.reshape(tf.reshape(x, [-1]), [r, c]),
  slice: (x, r, c) => tf.concat([tf.slice(x, [0, 1], [r, c - 1]), tf.slice(x, [0, 0], [r, 1])], 1),
  pad: (x, r, c) =>
    tf.slice(
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
      [1, 0],
      [r, c],
    ),
  tile: (x, r, c) => tf.slice(tf.tile(x, [2, 2]), [1, 1], [r, c]),
  split: (x) => tf.concat(tf.split(x, 2, 1).reverse(), 1),
  unstack: (x) => tf.stack(tf.unstack(x).reverse()),
  gather: (x, r) => tf.gather(x, tf.tensor1d(Array.from({ length: r }, (_, i) => (i * 2) % r).reverse(), 'int32')),
  segments: (x, r) =>
    tf.unsortedSegmentSum(x, tf.tensor1d(Array.from({ length: r }, (_, i) => r - 1 - i).reverse(), 'int32'), r),
  oneHot: (x, _, c) => tf.add(x, tf.cast(tf.oneHot(tf.argMax(x, 1) as tf.Tensor1D, c), 'float32')),
  minimum: (x) => tf.minimum(x, tf.maximum(tf.neg(x), 0.1)),
  sums: (x) => tf.div(tf.add(tf.sum(x, 0, true), tf.prod(tf.clipByValue(x, 0.5, 1), 1, true)), 10),
  moments: (x) => tf.sub(x, tf.moments(x, 1, true).variance),
  expand: (x) => tf.squeeze(tf.expandDims(x, 1), [1]),
  cumulative: (x) => tf.tanh(tf.cumsum(x, 1)),
  floor: (x) => tf.sub(x, tf.floor(x)),
};

describe('compile on random functions', () => {
  it('gives what the function gives, and its gradient', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer(),
        async (names, rows, half, seed) => {
          for (const name of names) seen.add(name);
          const columns = 2 * half;
          const f = (x: tf.Tensor): tf.Tensor => names.reduce((y, name) => steps[name]!(y, rows, columns), x);
          // What has no gradient in TensorFlow.js ends before the gradient is taken.
          const smooth = names.filter(
            (name) => !['where', 'cast', 'oneHot', 'cumulative', 'floor', 'sums'].includes(name),
          );
          const g = (x: tf.Tensor): tf.Tensor =>
            tf.grad((y: tf.Tensor) => smooth.reduce((z, name) => steps[name]!(z, rows, columns), tf.mul(y, y)))(x);
          const both = (x: tf.Tensor): { f: tf.Tensor; g: tf.Tensor } => tf.tidy(() => ({ f: f(x), g: g(x) }));
          const compiled = compile(both);
          for (const shift of [0, 1]) {
            const x = tf.randomUniform([rows, columns], -1, 1, 'float32', seed + shift);
            const [expected, actual] = [both(x), compiled(x)];
            // The graph's optimiser may reorder sums and products: some units in the last place per step, and steps
            // such as the division by a small root enlarge them.
            await expectClose(actual.f, expected.f, { absolute: 2e-5 });
            await expectClose(actual.g, expected.g, { absolute: 1e-4 });
            disposeTree([x, expected, actual]);
          }
          compiled.dispose();
        },
      ),
      { numRuns: 60, seed: 7 },
    );
    expect([...seen].sort()).toEqual(Object.keys(steps).sort());
  }, 120_000);
});
