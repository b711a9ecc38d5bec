import { expectClose, expectNoLeak } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipByGlobalNorm } from '../src/index.js';

const value = async (x: tf.Tensor): Promise<number> => (await x.data())[0]!;

// No denormal numbers: TensorFlow flushes them to 0.
const gradient = fc.float({ min: -1, max: 1, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-30);

describe('clipByGlobalNorm', () => {
  it.each([['number'], ['tensor']])(
    'scales all leaves by maxNorm / norm when the norm is above, maxNorm as %s',
    async (kind) => {
      const grads = { a: tf.tensor([3, 0]), b: [tf.tensor([[4], [12]]), null] };
      const { grads: clipped, norm } = clipByGlobalNorm(grads, kind === 'number' ? 6.5 : tf.scalar(6.5));
      expect(await value(norm)).toBe(13);
      await expectClose(clipped.a, [1.5, 0], { absolute: 1e-6 });
      await expectClose(clipped.b[0]!, [2, 6], { absolute: 1e-6 });
      expect(clipped.b[1]).toBeNull();
    },
  );

  it('leaves gradients within the norm as they are to the last bit, zeros too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(gradient, { minLength: 1, maxLength: 5 }), async (values) => {
        const grads = { g: tf.tensor(values) };
        for (const maxNorm of [2.5, Infinity]) {
          const { grads: clipped, norm } = clipByGlobalNorm(grads, maxNorm);
          expect([...(await clipped.g.data())].map((x) => x + 0)).toEqual(
            [...(await grads.g.data())].map((x) => x + 0),
          );
          const exact = Math.hypot(...values);
          expect(Math.abs((await value(norm)) - exact)).toBeLessThan(1e-6 + 1e-6 * exact);
          tf.dispose([clipped, norm]);
        }
        tf.dispose(grads);
      }),
      { numRuns: 30 },
    );
  });

  it('leaks nothing', () => {
    const grads = { a: tf.ones([3]), b: null };
    return expectNoLeak(() => {
      const { grads: clipped, norm } = clipByGlobalNorm(grads, 1);
      return [clipped.a, norm];
    });
  });

  it('refuses to clip nothing, or to a norm of 0', () => {
    expect(() => clipByGlobalNorm({ a: null }, 1)).toThrow('expected at least one gradient, all are null');
    expect(() => clipByGlobalNorm({ a: tf.ones([1]) }, 0)).toThrow('expected a maxNorm above 0, got 0');
    expect(() => clipByGlobalNorm({ a: tf.ones([1]) }, Number.NaN)).toThrow('got NaN');
  });
});
