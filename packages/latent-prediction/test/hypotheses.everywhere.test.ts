import { dense } from '@audio-ssl/layers';
import { leaves, valueAndGrad } from '@audio-ssl/params';
import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { hypotheses, hypothesesLoss, initHypotheses, type Hypotheses } from '../src/index.js';

const random = seeded(31);
const draw = (count: number): number[] => Array.from({ length: count }, () => 2 * random() - 1);

// B 2, M 2, H 3, D 4
const shape = [2, 2, 3, 4];
const predicted = draw(48);
const target = draw(16);
const P = (): tf.Tensor => tf.tensor(predicted, shape);
const T = (): tf.Tensor => tf.tensor(target, [2, 2, 4]);

/** Distances (tokens, H) in double precision. */
const distances = Array.from({ length: 4 }, (_, i) => {
  const t = target.slice(4 * i, 4 * i + 4);
  return [0, 1, 2].map((j) => {
    const p = predicted.slice(12 * i + 4 * j, 12 * i + 4 * j + 4);
    return 2 - (2 * p.reduce((sum, x, k) => sum + x * t[k]!, 0)) / (Math.hypot(...p) * Math.hypot(...t));
  });
});
const nearest = distances.map((row) => row.indexOf(Math.min(...row)));
const soft = (row: readonly number[], temperature: number): number[] => {
  const e = row.map((l) => Math.exp(-(l - Math.min(...row)) / temperature));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / total);
};
const weighted = (temperature: number): number[] =>
  distances.map((row) => soft(row, temperature).reduce((sum, w, j) => sum + w * row[j]!, 0));

describe('hypothesesLoss', () => {
  it.each(['number', 'tensor'])('weights the distances by softmax(-l / T), T as %s', async (kind) => {
    for (const temperature of [1, 0.1, 2e-4]) {
      const { loss, best } = hypothesesLoss(P(), T(), kind === 'number' ? temperature : tf.scalar(temperature));
      expect(loss.shape).toEqual([2, 2]);
      // At T = 2e-4 the losses of tied hypotheses only; elsewhere dw/dl ~ 1/T times the float32 error of l.
      await expectClose(loss, weighted(temperature), { absolute: 5e-6 });
      const expected = nearest.flatMap((j, i) => predicted.slice(12 * i + 4 * j, 12 * i + 4 * j + 4));
      await expectClose(best, tf.tensor(expected, [2, 2, 4]), { absolute: 1e-7 });
    }
  });

  it.each(['number', 'tensor'])('takes the least distance once T is not above hardBelow, T as %s', async (kind) => {
    const least = distances.map((row) => Math.min(...row));
    for (const temperature of [1e-4, 1e-5, 0]) {
      const { loss } = hypothesesLoss(P(), T(), kind === 'number' ? temperature : tf.scalar(temperature));
      await expectClose(loss, least, { absolute: 1e-6 });
    }
    await expectClose(hypothesesLoss(P(), T(), 0.5, { hardBelow: 0.5 }).loss, least, { absolute: 1e-6 });
  });

  it.each([0.3, 0])('has a gradient with the weights as constants, T = %d', async (temperature) => {
    const tokenWeights = tf.tensor([1, -2, 0.5, 3], [2, 2]);
    const t = T();
    const x = P();
    const gradient = tf.grad((y: tf.Tensor) => tf.sum(tf.mul(hypothesesLoss(y, t, temperature).loss, tokenWeights)))(x);
    // The same sum with weights that were computed once: what a detached weight means.
    const fixed = tf.tensor(
      temperature === 0
        ? distances.flatMap((_, i) => [0, 1, 2].map((j) => Number(j === nearest[i])))
        : distances.flatMap((row) => soft(row, temperature)),
      [2, 2, 3],
    );
    const detached = (y: tf.Tensor): tf.Tensor => {
      const unit = (z: tf.Tensor): tf.Tensor => tf.div(z, tf.sqrt(tf.sum(tf.square(z), -1, true)));
      const l = tf.sub(2, tf.mul(2, tf.sum(tf.mul(unit(y), tf.expandDims(unit(t), -2)), -1)));
      return tf.sum(tf.mul(tf.mul(l, fixed), tf.expandDims(tokenWeights, -1)));
    };
    // Central differences in float32 at h 4e-3: h² times third derivatives of short vectors, times weights of 3.
    await expectClose(gradient, await finiteDifferences(detached, x), { absolute: 3e-3, relative: 2e-3 });
  });

  it('sends the gradient of the best hypothesis to that one only', async () => {
    const weights = tf.tensor(draw(16), [2, 2, 4]);
    const values = await weights.data();
    const t = T();
    const gradient = tf.grad((y: tf.Tensor) => tf.sum(tf.mul(hypothesesLoss(y, t, 0.1).best, weights)))(P());
    const expected = nearest.flatMap((chosen, i) =>
      [0, 1, 2].flatMap((j) => [0, 1, 2, 3].map((k) => (j === chosen ? values[4 * i + k]! : 0))),
    );
    await expectClose(gradient, expected, {});
  });

  it('leaks nothing', async () => {
    const [x, t] = [P(), T()];
    await expectNoLeak(() => hypothesesLoss(x, t, 0.1));
    await expectNoLeak(() =>
      tf.grad((y) => {
        const { loss, best } = hypothesesLoss(y, t, 0.1);
        return tf.add(tf.sum(loss), tf.sum(best));
      })(x),
    );
  });

  it('refuses shapes that do not fit', () => {
    expect(() => hypothesesLoss(P(), tf.zeros([2, 2, 5]), 0.1)).toThrow('got [2,2,3,4] and [2,2,5]');
    expect(() => hypothesesLoss(T(), T(), 0.1)).toThrow('last but one');
    expect(() => hypothesesLoss(P(), T(), Number.NaN)).toThrow('expected a temperature, got NaN');
    expect(() => hypothesesLoss(P(), T(), 0, { hardBelow: 0 })).toThrow('expected hardBelow above 0, got 0');
  });
});

describe('hypotheses', () => {
  const params = (): Hypotheses =>
    initHypotheses({ inputDim: 3, outputDim: 4, count: 5 }, seeded(7)).map(({ kernel }, i) => ({
      kernel,
      bias: tf.mul(tf.ones([4]), i),
    }));

  it('is every linear map of the trunk, in their order', async () => {
    const maps = params();
    const trunk = tf.tensor(draw(12), [2, 2, 3]);
    const all = hypotheses(maps, trunk);
    expect(all.shape).toEqual([2, 2, 5, 4]);
    await expectClose(
      all,
      tf.stack(
        maps.map((map) => dense(map, trunk)),
        2,
      ),
      { absolute: 1e-6 },
    );
  });

  it('has the gradients that finite differences have', async () => {
    const maps = params();
    const trunk = tf.tensor(draw(12), [2, 2, 3]);
    const weights = tf.tensor(draw(80), [2, 2, 5, 4]);
    const value = (p: Hypotheses, x: tf.Tensor = trunk): tf.Scalar => tf.sum(tf.mul(hypotheses(p, x), weights));
    const { grads } = valueAndGrad((p: Hypotheses) => ({ value: value(p), aux: {} }), maps);
    const replaced = (i: number, map: Hypotheses[number]): Hypotheses => maps.map((old, j) => (j === i ? map : old));
    for (const i of [0, 3]) {
      const kernel = await finiteDifferences((w) => value(replaced(i, { ...maps[i]!, kernel: w })), maps[i]!.kernel);
      // Linear, so only rounding is left: 1e-6 of a sum of size 10, over 2h.
      await expectClose(grads[i]!.kernel as tf.Tensor, kernel, { absolute: 2e-3 });
      const bias = await finiteDifferences((b) => value(replaced(i, { ...maps[i]!, bias: b })), maps[i]!.bias);
      await expectClose(grads[i]!.bias as tf.Tensor, bias, { absolute: 2e-3 });
    }
    const toTrunk = tf.grad((x: tf.Tensor) => value(maps, x))(trunk);
    await expectClose(toTrunk, await finiteDifferences((x) => value(maps, x), trunk), { absolute: 2e-3 });
  });

  it('starts with kernels within the Xavier bound and biases of 0', async () => {
    const maps = initHypotheses({ inputDim: 3, outputDim: 4, count: 5 }, seeded(8));
    expect(leaves(maps).map(([path]) => path)).toContain('4.kernel');
    for (const { kernel, bias } of maps) {
      expect(kernel.shape).toEqual([3, 4]);
      expect(Math.max(...(await kernel.data()).map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(6 / 7));
      await expectClose(bias, [0, 0, 0, 0], {});
    }
  });

  it('leaks nothing and refuses none', async () => {
    const maps = params();
    const trunk = tf.zeros([2, 2, 3]);
    await expectNoLeak(() => hypotheses(maps, trunk));
    expect(() => hypotheses([], trunk)).toThrow('1 or more linear maps, got none');
    expect(() => initHypotheses({ inputDim: 3, outputDim: 4, count: 0 }, random)).toThrow(
      'a count of 1 or more, got 0',
    );
  });
});
