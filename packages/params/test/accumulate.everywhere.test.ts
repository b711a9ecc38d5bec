import { expectClose, expectNoLeak, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { accumulate, disposeTree, normal, valueAndGrad } from '../src/index.js';

const random = seeded(5);
const params = { w: normal([3, 2], 1, random), unused: tf.ones([2]) };
const whole = { x: normal([6, 3], 1, random), label: tf.tensor1d([0, 1, 2, 3, 4, 5], 'int32') };
type Part = typeof whole;

const pass = ({ x, label }: Part) => {
  const { value, aux, grads } = valueAndGrad((p: typeof params) => {
    const y = tf.matMul(x as tf.Tensor2D, p.w as tf.Tensor2D);
    return { value: tf.mean(tf.square(y)), aux: { labels: tf.mean(label) } };
  }, params);
  return { grads, loss: value, labels: [aux.labels] };
};
const split = (parts: number): Part[] => {
  const [x, label] = [tf.split(whole.x, parts), tf.split(whole.label, parts)] as const;
  return x.map((part, i) => ({ x: part, label: label[i] as tf.Tensor1D }));
};

describe('accumulate', () => {
  it.each([1, 2, 3, 6])('gives in %d parts what one pass over all gives, and leaks nothing', async (count) => {
    const parts = split(count);
    const expected = pass(whole);
    const result = accumulate(parts, pass);
    expect(result.grads.unused).toBeNull();
    // Means of six float32 numbers of order 1, in another order.
    await expectClose(result.grads.w!, expected.grads.w!, { absolute: 1e-6, relative: 1e-6 });
    await expectClose(result.loss, expected.loss, { relative: 1e-6 });
    await expectClose(result.labels[0]!, [2.5], {});
    disposeTree([expected, result]);
    await expectNoLeak(() => {
      const { grads, loss, labels } = accumulate(parts, pass);
      return [grads.w!, loss, ...labels];
    });
    for (const part of parts) expect(part.x.isDisposed || part.label.isDisposed).toBe(false);
    disposeTree(parts);
  });

  it('leaves tensors that a pass hands on to their owner', async () => {
    const parts = split(3);
    const constant = tf.scalar(3);
    const result = accumulate(parts, ({ x }) => ({ constant, x }));
    await expectClose(result.constant, [3], {});
    expect([constant, ...parts.map(({ x }) => x)].map(({ isDisposed }) => isDisposed)).toEqual(Array(4).fill(false));
    disposeTree([result, parts]);
  });

  it('refuses to work without parts, and on results that differ', () => {
    expect(() => accumulate([], pass)).toThrow('accumulate: expected one part or more, got none');
    let calls = 0;
    const before = tf.memory().numTensors;
    const parts = split(2);
    expect(() => accumulate(parts, ({ x }) => ({ a: tf.mean(x), b: calls++ === 0 ? null : tf.mean(x) }))).toThrow(
      "expected null at the same leaves for every part, got 'b' and ''",
    );
    disposeTree(parts);
    expect(tf.memory().numTensors).toBe(before);
  });
});
