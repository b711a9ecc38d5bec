import { expectClose } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { disposeTree, noGrad, valueAndGrad } from '../src/index.js';

describe('valueAndGrad', () => {
  it('gives value, aux and gradients by path, null where there is none, and leaks nothing', async () => {
    const params = { w: tf.tensor1d([1, 2, 3]), unused: tf.scalar(5) };
    const before = tf.memory().numTensors;
    const { value, aux, grads } = valueAndGrad((p: typeof params) => {
      const squares = tf.square(p.w);
      return { value: tf.sum(squares) as tf.Scalar, aux: { squares } };
    }, params);
    expect(tf.memory().numTensors).toBe(before + 3);
    await expectClose(value, [14], {});
    await expectClose(aux.squares, [1, 4, 9], {});
    await expectClose(grads.w!, [2, 4, 6], {});
    expect(grads.unused).toBeNull();
    disposeTree({ value, aux, w: grads.w! });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves the parameters usable when aux passes one through', async () => {
    const params = { w: tf.tensor1d([1, 2]) };
    const { aux } = valueAndGrad((p: typeof params) => ({ value: tf.sum(p.w) as tf.Scalar, aux: { w: p.w } }), params);
    aux.w.dispose();
    await expectClose(params.w, [1, 2], {});
  });

  it('refuses a value that is no scalar or depends on nothing', () => {
    const params = { w: tf.tensor1d([1, 2]) };
    expect(() => valueAndGrad((p: typeof params) => ({ value: p.w as unknown as tf.Scalar, aux: {} }), params)).toThrow(
      'expected a scalar value, got shape [2]',
    );
    expect(() => valueAndGrad(() => ({ value: tf.scalar(1), aux: {} }), params)).toThrow('depends on no parameter');
  });
});

describe('noGrad', () => {
  it('makes its result a constant for gradients around it', async () => {
    // d/dx (x * stop(x²)) = x², not 3x².
    const grad = tf.grad((x) =>
      tf.sum(
        tf.mul(
          x,
          noGrad(() => tf.square(x)),
        ),
      ),
    );
    await expectClose(grad(tf.tensor1d([2, 3])), [4, 9], {});
  });

  it('allows comparisons on tracked tensors', async () => {
    const grad = tf.grad((x) =>
      tf.sum(
        tf.mul(
          x,
          noGrad(() => tf.cast(tf.greater(x, 0), 'float32')),
        ),
      ),
    );
    await expectClose(grad(tf.tensor1d([-1, 2])), [0, 1], {});
  });

  it('restores the tape after an error', async () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    await expectClose(tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([3])), [6], {});
  });
});
