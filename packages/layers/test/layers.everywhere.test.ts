import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import { normal } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dense, gelu, initDense, initLayerNorm, l2Normalize, layerNorm } from '../src/index.js';

const random = seeded(7);
const draw = (...shape: number[]): tf.Tensor => normal(shape, 1, random);

// float32 central differences of functions of order 1 are good to about 1e-4 (see finiteDifferences); 2e-3 leaves room
// for sums over a few dozen terms and for the polynomial erf of `cpu` and `wasm` (1.5e-7 absolute, divided by 2h).
const byDifferences = { absolute: 2e-3, relative: 2e-3 };

/** Σ w f(x): a scalar with a generic incoming gradient. */
const weighted = (y: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.sum(tf.mul(y, w));

async function expectGradients(f: (...xs: tf.Tensor[]) => tf.Tensor, xs: tf.Tensor[]): Promise<void> {
  const w = tf.tidy(() => draw(...f(...xs).shape));
  const grads = tf.grads((...args: tf.Tensor[]) => weighted(f(...args), w))(xs);
  for (const [i, grad] of grads.entries()) {
    const replaced = (x: tf.Tensor): tf.Tensor => weighted(f(...xs.map((other, j) => (i === j ? x : other))), w);
    await expectClose(grad, await finiteDifferences(replaced, xs[i]!), byDifferences);
  }
}

describe('dense', () => {
  it('is the affine map of the last axis', async () => {
    const layer = { kernel: tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), bias: tf.tensor1d([10, 20, 30]) };
    await expectClose(
      dense(layer, tf.tensor3d([1, 0, 0, 1], [1, 2, 2])),
      tf.tensor3d([11, 22, 33, 14, 25, 36], [1, 2, 3]),
      {},
    );
  });

  it('has the gradient of finite differences', async () => {
    await expectGradients(
      (x, kernel, bias) => dense({ kernel: kernel!, bias: bias! }, x!),
      [draw(2, 3, 4), draw(4, 5), draw(5)],
    );
  });

  it('leaks nothing and names both shapes when they do not fit', async () => {
    const layer = initDense(4, 5, random);
    const x = draw(2, 4);
    await expectNoLeak(() => dense(layer, x));
    expect(() => dense(layer, draw(2, 3))).toThrow('expected a last axis of 4 for a kernel [4,5], got shape [2,3]');
  });
});

describe('layerNorm', () => {
  it('equals the definition', async () => {
    const x = [1, 2, 4, 9];
    const mean = 4;
    const std = Math.sqrt((9 + 4 + 0 + 25) / 4 + 1e-6);
    const weight = [1, 2, 3, 4];
    const bias = [0, 1, 0, 1];
    const expected = x.map((v, i) => ((v - mean) / std) * weight[i]! + bias[i]!);
    await expectClose(layerNorm({ weight: tf.tensor1d(weight), bias: tf.tensor1d(bias) }, tf.tensor2d([x])), expected, {
      absolute: 1e-6,
    });
  });

  it('has the gradient of finite differences', async () => {
    await expectGradients(
      (x, weight, bias) => layerNorm({ weight: weight!, bias: bias! }, x!),
      [draw(2, 3, 6), draw(6), draw(6)],
    );
  });

  it('leaks nothing', async () => {
    const params = initLayerNorm(6);
    const x = draw(2, 6);
    await expectNoLeak(() => layerNorm(params, x));
  });
});

describe('gelu', () => {
  it('takes known values', async () => {
    // x Φ(x) with Φ from tables of the normal distribution.
    await expectClose(gelu(tf.tensor1d([-3, -1, 0, 1, 3])), [-0.00404969, -0.15865525, 0, 0.84134475, 2.99595031], {
      absolute: 1e-6,
    });
  });

  it('has the gradient of finite differences', async () => {
    await expectGradients((x) => gelu(x!), [draw(3, 4)]);
  });

  it('leaks nothing', async () => {
    const x = draw(2, 6);
    await expectNoLeak(() => gelu(x));
    await expectNoLeak(() => tf.grad((y) => tf.sum(gelu(y)))(x));
  });
});

describe('l2Normalize', () => {
  it('gives unit vectors over the axis and survives zeros', async () => {
    await expectClose(l2Normalize(tf.tensor2d([3, 4, 0, 0], [2, 2])), [0.6, 0.8, 0, 0], { absolute: 1e-7 });
    await expectClose(l2Normalize(tf.tensor2d([3, 1, 4, 0], [2, 2]), { axis: 0 }), [0.6, 1, 0.8, 0], {
      absolute: 1e-7,
    });
  });

  it('has the gradient of finite differences over either axis', async () => {
    await expectGradients((x) => l2Normalize(x!), [draw(3, 5)]);
    await expectGradients((x) => l2Normalize(x!, { axis: 0 }), [draw(5, 3)]);
  });

  it('leaks nothing', async () => {
    const x = draw(2, 6);
    await expectNoLeak(() => l2Normalize(x));
    await expectNoLeak(() => tf.grad((y) => tf.sum(l2Normalize(y)))(x));
  });
});
