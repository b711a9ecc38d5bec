import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { crossEntropy, pseudoClassUsage, sharpen, sinkhorn, updateCenter } from '../src/index.js';

const random = seeded(11);
const draw = (count: number, scale = 1): number[] => Array.from({ length: count }, () => scale * (2 * random() - 1));
const scalar = async (x: tf.Tensor): Promise<number> => (await x.data())[0]!;

/** softmax of one row in double precision. */
function softmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const e = row.map((x) => Math.exp(x - top));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / total);
}
const rows = (values: readonly number[], width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));

// B 2, M 3, K 4
const shape = [2, 3, 4];
const logits = draw(24);
const center = draw(4, 0.3);

describe('sharpen', () => {
  it('is softmax((logits - center) / temperature), temperature as number or tensor', async () => {
    const expected = rows(logits, 4).flatMap((row) => softmax(row.map((x, k) => (x - center[k]!) / 0.05)));
    // A logit difference of 40 in float32 carries an error of 4e-6.
    await expectClose(sharpen(tf.tensor(logits, shape), tf.tensor(center), 0.05), expected, { absolute: 1e-5 });
    await expectClose(sharpen(tf.tensor(logits, shape), tf.tensor(center), tf.scalar(0.05)), expected, {
      absolute: 1e-5,
    });
  });

  it('without a centre is the plain softmax', async () => {
    await expectClose(sharpen(tf.tensor(logits, shape), null, 1), rows(logits, 4).flatMap(softmax), { absolute: 1e-6 });
  });

  it('leaks nothing', async () => {
    const [x, c, t] = [tf.tensor(logits, shape), tf.tensor(center), tf.scalar(0.05)];
    await expectNoLeak(() => sharpen(x, c, 0.05));
    await expectNoLeak(() => sharpen(x, null, t));
  });

  it('refuses a centre of another size and a temperature of 0', () => {
    expect(() => sharpen(tf.tensor(logits, shape), tf.zeros([3]), 1)).toThrow(
      'expected a center of shape [4] for logits [2,3,4], got [3]',
    );
    expect(() => sharpen(tf.tensor(logits, shape), null, 0)).toThrow('sharpen: expected a temperature above 0, got 0');
  });
});

describe('sinkhorn', () => {
  /** DINOv2's loop, naively: Q (K, B) = exp(logits / t); total to 1; each class to 1/K, each token to 1/B; times B. */
  function oracle(values: readonly number[], temperature: number, iterations: number): number[] {
    const q = rows(values, 4).map((row) => row.map((x) => Math.exp(x / temperature)));
    const [tokens, classes] = [q.length, 4];
    const total = q.flat().reduce((a, b) => a + b, 0);
    for (const row of q) for (let k = 0; k < classes; k++) row[k]! /= total;
    for (let i = 0; i < iterations; i++) {
      for (let k = 0; k < classes; k++) {
        const mass = q.reduce((sum, row) => sum + row[k]!, 0);
        for (const row of q) row[k]! /= mass * classes;
      }
      for (const row of q) {
        const mass = row.reduce((a, b) => a + b, 0);
        for (let k = 0; k < classes; k++) row[k]! /= mass * tokens;
      }
    }
    return q.flatMap((row) => row.map((x) => x * tokens));
  }

  it.each([1, 3, 10])('agrees with the naive loop, %d iterations', async (iterations) => {
    const expected = oracle(logits, 0.1, iterations);
    await expectClose(sinkhorn(tf.tensor(logits, shape), 0.1, iterations), expected, { absolute: 1e-5 });
    await expectClose(sinkhorn(tf.tensor(logits, shape), tf.scalar(0.1), iterations), expected, { absolute: 1e-5 });
  });

  it('leaks nothing', async () => {
    const [x, t] = [tf.tensor(logits, shape), tf.scalar(0.1)];
    await expectNoLeak(() => sinkhorn(x, 0.1, 5));
    await expectNoLeak(() => sinkhorn(x, t));
  });

  it('uses every class alike after many iterations', async () => {
    const mass = tf.sum(tf.reshape(sinkhorn(tf.tensor(logits, shape), 0.5, 50), [6, 4]), 0);
    await expectClose(mass, [1.5, 1.5, 1.5, 1.5], { absolute: 1e-4 });
  });

  it('stays finite where exp(logits / temperature) would not', async () => {
    const q = sinkhorn(tf.tensor([400, 0, -400, 399], [2, 2]), 0.04);
    await expectClose(tf.sum(q, -1), [1, 1], { absolute: 1e-6 });
  });

  it('refuses no iteration', () => {
    expect(() => sinkhorn(tf.zeros([2, 2]), 0.1, 0)).toThrow('expected 1 or more iterations, got 0');
    expect(() => sinkhorn(tf.zeros([2, 2]), -1)).toThrow('sinkhorn: expected a temperature above 0, got -1');
  });
});

describe('crossEntropy', () => {
  const targets = rows(draw(24, 2), 4).flatMap(softmax);
  const loss = (x: tf.Tensor, temperature: number | tf.Scalar = 0.5): tf.Tensor =>
    crossEntropy(x, tf.tensor(targets, shape), temperature);

  it('is -Σ p log softmax(s / τ) of every token', async () => {
    const expected = rows(logits, 4).map((row, i) => {
      const q = softmax(row.map((x) => x / 0.5));
      return -q.reduce((sum, x, k) => sum + targets[i * 4 + k]! * Math.log(x), 0);
    });
    const actual = loss(tf.tensor(logits, shape));
    expect(actual.shape).toEqual([2, 3]);
    await expectClose(actual, expected, { absolute: 2e-6 });
    await expectClose(loss(tf.tensor(logits, shape), tf.scalar(0.5)), expected, { absolute: 2e-6 });
  });

  it('stays finite for logits of any size', async () => {
    await expectClose(crossEntropy(tf.tensor([1e4, 0], [1, 2]), tf.tensor([0, 1], [1, 2]), 0.1), [1e5], {
      relative: 1e-6,
    });
  });

  it('has the gradient that finite differences have, weights of the tokens included', async () => {
    const weights = tf.tensor([1, -2, 0.5, 3, 0, 1], [2, 3]);
    const weighted = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(loss(x), weights));
    const x = tf.tensor(logits, shape);
    // The error of central differences with h 4e-3: h² and 1e-7 / h, times the weights and 1/τ³ of the third derivative.
    await expectClose(tf.grad(weighted)(x), await finiteDifferences(weighted, x), { absolute: 2e-3 });
    await expectClose(
      tf.grad((y) => tf.sum(tf.mul(loss(y, tf.scalar(0.5)), weights)))(x),
      await tf.grad(weighted)(x).data(),
      { absolute: 1e-6 },
    );
  });

  it('gives the teacher no gradient', () => {
    const student = tf.tensor(logits, shape);
    expect(() => tf.grad((p) => tf.sum(crossEntropy(student, tf.softmax(p), 0.5)))(tf.zeros(shape))).toThrow(
      /gradient/,
    );
  });

  it('leaks nothing, with and without a gradient', async () => {
    const x = tf.tensor(logits, shape);
    const y = tf.tensor(targets, shape);
    await expectNoLeak(() => crossEntropy(x, y, 0.1));
    await expectNoLeak(() => tf.grad((z) => tf.sum(crossEntropy(z, y, 0.1)))(x));
  });

  it('refuses other shapes and temperatures', () => {
    expect(() => crossEntropy(tf.zeros([2, 3]), tf.zeros([3, 3]), 0.1)).toThrow(
      "probabilities of the logits' shape [2,3], got [3,3]",
    );
    expect(() => crossEntropy(tf.zeros([2, 3]), tf.zeros([2, 3]), Number.NaN)).toThrow(
      'crossEntropy: expected a temperature above 0, got NaN',
    );
  });
});

describe('updateCenter', () => {
  it('is m c + (1 - m) mean over all leading axes', async () => {
    const mean = [0, 1, 2, 3].map((k) => rows(logits, 4).reduce((sum, row) => sum + row[k]! / 6, 0));
    const expected = center.map((c, k) => 0.9 * c + 0.1 * mean[k]!);
    await expectClose(updateCenter(tf.tensor(center), tf.tensor(logits, shape), 0.9), expected, { absolute: 1e-6 });
    await expectClose(updateCenter(tf.tensor(center), tf.tensor(logits, shape), tf.scalar(0.9)), expected, {
      absolute: 1e-6,
    });
  });

  it('leaks nothing', async () => {
    const [c, x, m] = [tf.tensor(center), tf.tensor(logits, shape), tf.scalar(0.9)];
    await expectNoLeak(() => updateCenter(c, x, 0.9));
    await expectNoLeak(() => updateCenter(c, x, m));
  });

  it('refuses another number of classes and a momentum outside [0, 1]', () => {
    expect(() => updateCenter(tf.zeros([3]), tf.zeros(shape), 0.9)).toThrow(
      'expected a center of shape [4] for observed [2,3,4], got [3]',
    );
    expect(() => updateCenter(tf.zeros([4]), tf.zeros(shape), 2)).toThrow('momentum in [0, 1], got 2');
  });
});

describe('pseudoClassUsage', () => {
  it('is K and every class for one-hot tokens spread evenly, 1 and one class after a collapse', async () => {
    const even = pseudoClassUsage(
      tf.reshape(tf.cast(tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1, 2, 3], 'int32'), 4), 'float32'), [2, 4, 4]),
    );
    expect(await scalar(even.perplexity)).toBeCloseTo(4, 4);
    expect(await scalar(even.distinct)).toBe(4);
    const collapsed = pseudoClassUsage(tf.cast(tf.oneHot(tf.tensor1d([2, 2, 2], 'int32'), 4), 'float32'));
    expect(await scalar(collapsed.perplexity)).toBeCloseTo(1, 5);
    expect(await scalar(collapsed.distinct)).toBe(1);
  });

  it('agrees with a naive count', async () => {
    const p = rows(draw(24, 2), 4).map(softmax);
    const mean = [0, 1, 2, 3].map((k) => p.reduce((sum, row) => sum + row[k]! / 6, 0));
    const { perplexity, distinct } = pseudoClassUsage(tf.tensor(p.flat(), shape));
    expect(await scalar(perplexity)).toBeCloseTo(Math.exp(-mean.reduce((sum, m) => sum + m * Math.log(m), 0)), 4);
    expect(await scalar(distinct)).toBe(new Set(p.map((row) => row.indexOf(Math.max(...row)))).size);
  });

  it('can be called under a gradient and leaks nothing', async () => {
    const x = tf.tensor(logits, shape);
    await expectNoLeak(() =>
      tf.grad((y) => {
        const { perplexity } = pseudoClassUsage(tf.softmax(y));
        return tf.add(tf.sum(tf.square(y)), tf.mul(perplexity, 0));
      })(x),
    );
    await expectNoLeak(() => pseudoClassUsage(x));
  });
});
