import { expectClose } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { after, fusedOperations, hasFused, runFused, type FusedOperation } from '../src/index.js';

const operations: [string, FusedOperation][] = Object.entries(fusedOperations);

describe('the fused operations', () => {
  it.each(operations)(
    '%s names what it overwrites and shares among its inputs',
    (_, { inputs, overwrites, shares }) => {
      for (const name of [...(overwrites ?? []), ...(shares ?? [])]) expect(inputs).toContain(name);
      expect(new Set(inputs).size).toBe(inputs.length);
    },
  );

  it('have names of their own', () => {
    expect(new Set(operations.map(([, { op }]) => op)).size).toBe(operations.length);
  });

  it('are run where the backend has them, and refused elsewhere', async () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    if (hasFused('columnSum')) {
      const made = runFused('columnSum', { x });
      expectTypeOf(made).toEqualTypeOf<[tf.Tensor]>();
      await expectClose(made[0], [4, 6], {});
    } else {
      expect(() => runFused('columnSum', { x })).toThrow(
        `runFused: expected a backend with a kernel for 'columnSum', got '${tf.getBackend()}'; ask hasFused('columnSum') first`,
      );
    }
    await expectClose(after(x, tf.scalar(0)), x, {});
  });

  it('take the inputs and attributes of the table', () => {
    const x = tf.zeros([1, 1]);
    const calls = (): unknown => [
      // @ts-expect-error an input is missing
      runFused('layerNorm', { x, weight: x }, { epsilon: 1 }),
      // @ts-expect-error the attribute is missing
      runFused('layerNorm', { x, weight: x, bias: x }),
      // @ts-expect-error there is no such attribute
      runFused('columnSum', { x }, { epsilon: 1 }),
      // @ts-expect-error there is no such operation
      runFused('rowSum', { x }),
    ];
    expect(calls).toBeTypeOf('function');
  });
});
