import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cosineLoss, mseLoss, smoothL1Loss, standardizeTokens } from '../src/index.js';

const random = seeded(21);
const draw = (count: number): number[] => Array.from({ length: count }, () => 2 * random() - 1);

// B 2, M 3, D 4
const shape = [2, 3, 4];
const predicted = draw(24);
const target = draw(24);
const token = (values: readonly number[], i: number): number[] => values.slice(4 * i, 4 * i + 4);
const perToken = (f: (p: number[], t: number[]) => number): number[] =>
  Array.from({ length: 6 }, (_, i) => f(token(predicted, i), token(target, i)));
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const smooth =
  (beta: number) =>
  (p: number[], t: number[]): number =>
    sum(
      p.map((x, k) => {
        const d = Math.abs(x - t[k]!);
        return d < beta ? (0.5 * d * d) / beta : d - 0.5 * beta;
      }),
    ) / p.length;

const losses = [
  {
    name: 'cosineLoss',
    loss: cosineLoss,
    // ‖p/‖p‖ - t/‖t‖‖², the other side of the identity that the code uses
    oracle: (p: number[], t: number[]) => sum(p.map((x, k) => (x / Math.hypot(...p) - t[k]! / Math.hypot(...t)) ** 2)),
  },
  {
    name: 'mseLoss',
    loss: mseLoss,
    oracle: (p: number[], t: number[]) => sum(p.map((x, k) => (x - t[k]!) ** 2)) / p.length,
  },
  { name: 'smoothL1Loss', loss: smoothL1Loss, oracle: smooth(1) },
  {
    name: 'smoothL1Loss, beta 0.3',
    loss: (p: tf.Tensor, t: tf.Tensor): tf.Tensor => smoothL1Loss(p, t, { beta: 0.3 }),
    oracle: smooth(0.3),
  },
];

describe.each(losses)('$name', ({ loss, oracle }) => {
  it('agrees with the formula, token by token', async () => {
    const actual = loss(tf.tensor(predicted, shape), tf.tensor(target, shape));
    expect(actual.shape).toEqual([2, 3]);
    await expectClose(actual, perToken(oracle), { absolute: 1e-6 });
    await expectClose(loss(tf.tensor(predicted, [6, 4]), tf.tensor(target, [6, 4])), perToken(oracle), {
      absolute: 1e-6,
    });
  });

  it('has the gradient that finite differences have', async () => {
    const t = tf.tensor(target, shape);
    const weights = tf.tensor([1, -2, 0.5, 3, 0.1, 1], [2, 3]);
    const value = (x: tf.Tensor): tf.Tensor => tf.sum(tf.mul(loss(x, t), weights));
    const x = tf.tensor(predicted, shape);
    // Error of central differences, times weights of 3; a kink within h of a value adds up to h / β.
    await expectClose(tf.grad(value)(x), await finiteDifferences(value, x), { absolute: 3e-3 });
  });

  it('is 0 with a gradient of 0 where the prediction is the target', async () => {
    const x = tf.tensor(target, shape);
    await expectClose(loss(x, tf.clone(x)), [0, 0, 0, 0, 0, 0], { absolute: 1e-6 });
    await expectClose(
      tf.grad((y) => tf.sum(loss(y, x)))(x),
      Array.from({ length: 24 }, () => 0),
      { absolute: 2e-6 },
    );
  });

  it('gives the target no gradient', () => {
    const x = tf.tensor(predicted, shape);
    expect(() => tf.grad((t) => tf.sum(loss(x, t)))(tf.tensor(target, shape))).toThrow(/gradient/);
  });

  it('keeps what its gradient needs when the target is made inside the function', async () => {
    const x = tf.tensor(predicted, shape);
    const inside = tf.grad((y) => tf.tidy(() => tf.sum(loss(y, tf.tensor(target, shape)))))(x);
    const outside = tf.tensor(target, shape);
    await expectClose(
      inside,
      await tf
        .grad((y) => tf.sum(loss(y, outside)))(x)
        .data(),
      {},
    );
  });

  it('leaks nothing', async () => {
    const [x, t] = [tf.tensor(predicted, shape), tf.tensor(target, shape)];
    await expectNoLeak(() => loss(x, t));
    await expectNoLeak(() => tf.grad((y) => tf.sum(loss(y, t)))(x));
  });

  it('refuses a target of another shape, even one that would broadcast', () => {
    expect(() => loss(tf.zeros([2, 3, 4]), tf.zeros([1, 3, 4]))).toThrow(
      "a target of the prediction's shape [2,3,4], got [1,3,4]",
    );
  });
});

describe('cosineLoss of a token of zeros', () => {
  it('is 2, and its gradient is finite', async () => {
    const [zero, t] = [tf.zeros([1, 2]), tf.tensor([3, 4], [1, 2])];
    await expectClose(cosineLoss(zero, t), [2], {});
    // PyTorch's value: -2 t/‖t‖ / 1e-12.
    await expectClose(tf.grad((x) => tf.sum(cosineLoss(x, t)))(zero), [-1.2e12, -1.6e12], { relative: 1e-6 });
    await expectClose(tf.grad((x) => tf.sum(cosineLoss(x, zero)))(t), [0, 0], {});
  });
});

describe('smoothL1Loss', () => {
  it('refuses a beta of 0', () => {
    expect(() => smoothL1Loss(tf.zeros([1, 2]), tf.zeros([1, 2]), { beta: 0 })).toThrow(
      'expected a beta above 0, got 0',
    );
  });
});

describe('standardizeTokens', () => {
  it('has mean 0 and the unbiased variance 1 over the channels', async () => {
    const expected = Array.from({ length: 6 }, (_, i) => {
      const t = token(target, i);
      const mean = sum(t) / 4;
      const variance = sum(t.map((x) => (x - mean) ** 2)) / 3;
      return t.map((x) => (x - mean) / Math.sqrt(variance + 1e-6));
    }).flat();
    const actual = standardizeTokens(tf.tensor(target, shape));
    expect(actual.shape).toEqual(shape);
    await expectClose(actual, expected, { absolute: 2e-6 });
  });

  it('maps a constant token to zeros and leaks nothing', async () => {
    const x = tf.mul(tf.ones([2, 3]), 7);
    await expectClose(standardizeTokens(x), [0, 0, 0, 0, 0, 0], {});
    await expectNoLeak(() => standardizeTokens(x));
  });

  it('refuses tokens of one channel', () => {
    expect(() => standardizeTokens(tf.zeros([3, 1]))).toThrow('2 or more channels, got shape [3,1]');
  });
});
