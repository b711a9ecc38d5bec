import { fusedOperations, normal } from '@audio-ssl/params';
import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { attention } from '../src/index.js';

const random = seeded(17);
const draw = (...shape: number[]): tf.Tensor => normal(shape, 1, random);
const range = (n: number): number[] => [...Array(n).keys()];

const [batch, count, dim, numHeads] = [2, 5, 6, 2];
const qkv = draw(batch, count, 3 * dim);

/** Runs a test as it is, and, where attention is one fused kernel, without it: then it is composed of operations. */
async function fusedAndComposed(test: () => Promise<void>): Promise<void> {
  await test();
  const fused = tf.getKernel(fusedOperations.attention.op, tf.getBackend());
  if (fused == null) return;
  tf.unregisterKernel(fused.kernelName, fused.backendName);
  try {
    await test();
  } finally {
    tf.registerKernel(fused);
  }
}

describe('attention', () => {
  it('equals loops over heads, queries and keys', async () => {
    const joint = await qkv.data();
    const d = dim / numHeads;
    const value = (b: number, n: number, which: number, h: number, i: number): number =>
      joint[(b * count + n) * 3 * dim + which * dim + h * d + i]!;
    const expected: number[] = [];
    for (let b = 0; b < batch; b++)
      for (let n = 0; n < count; n++)
        for (let h = 0; h < numHeads; h++) {
          const scores = range(count).map(
            (m) => range(d).reduce((s, i) => s + value(b, n, 0, h, i) * value(b, m, 1, h, i), 0) / Math.sqrt(d),
          );
          const weights = scores.map(Math.exp);
          const total = weights.reduce((a, w) => a + w, 0);
          for (let i = 0; i < d; i++)
            expected.push(range(count).reduce((s, m) => s + (weights[m]! / total) * value(b, m, 2, h, i), 0));
        }
    // Sums of a few float32 products of order 1.
    await fusedAndComposed(() => expectClose(attention(qkv, { numHeads }), expected, { absolute: 3e-6 }));
  });

  it.each([1, 4])('gives the tokens from %d on alone, too', async (first) => {
    await fusedAndComposed(async () => {
      const all = attention(qkv, { numHeads });
      const asked = attention(qkv, { numHeads, first });
      expect(asked.shape).toEqual([batch, count - first, dim]);
      // The order of float32 sums may differ.
      await expectClose(asked, tf.slice(all, [0, first, 0]), { absolute: 1e-6 });
      await expectNoLeak(() => attention(qkv, { numHeads, first }));
    });
  });

  it.each([0, 2, 4])('has the gradient of finite differences, asked by the tokens from %d on', async (first) => {
    const weights = draw(batch, count - first, dim);
    const f = (x: tf.Tensor): tf.Tensor => tf.sum(tf.mul(attention(x, { numHeads, first }), weights));
    // Central differences in float32 are good to about 1e-4; sums of 60 terms of order 1.
    await fusedAndComposed(async () => {
      await expectClose(tf.grad(f)(qkv), await finiteDifferences(f, qkv), { absolute: 3e-3, relative: 3e-3 });
      await expectNoLeak(() => tf.grad(f)(qkv));
    });
  });

  it('refuses heads that do not divide the width, and what is not queries, keys and values', () => {
    expect(() => attention(qkv, { numHeads: 4 })).toThrow(
      'attention: expected a width that divides into 4 heads, got 6; choose `numHeads` as a divisor of it',
    );
    expect(() => attention(tf.zeros([2, 5, 8]), { numHeads: 2 })).toThrow('(B, N, 3D), got shape [2,5,8]');
    expect(() => attention(tf.zeros([5, 6]), { numHeads: 2 })).toThrow('(B, N, 3D), got shape [5,6]');
  });
});
