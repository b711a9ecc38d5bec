import { join } from 'node:path';
import { sharedFolder } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Differences } from '../src/comparison.js';
import { replay } from '../src/replay.js';

const reference = sharedFolder('reference');

describe.skipIf(!reference)('the authors’ recorded runs', () => {
  it.each(['matpac-tiny', 'matpac-plusplus-tiny', 'prediction-only-tiny', 'classification-only-tiny'])(
    'are reproduced: %s',
    async (name) => {
      const lines = await replay(join(reference!, name), tf.getBackend());
      expect(lines.length).toBeGreaterThan(15);
      expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    },
  );

  it('are reproduced by the compiled step', async () => {
    const lines = await replay(join(reference!, 'matpac-plusplus-tiny'), tf.getBackend(), { compiled: true });
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('Differences', () => {
  it('keeps the worst of each quantity and judges by its kind', () => {
    const differences = new Differences();
    differences.compare('a', [1, 2], [1, 2.5], { kind: 'absolute', bound: 0.4 });
    differences.compare('a', [1], [1.1], { kind: 'absolute', bound: 0.4 });
    differences.compare('b', [3, 4], [3, 4.1], { kind: 'relative L2', bound: 0.1 });
    differences.compare('c', [Number.NaN], [1], { kind: 'relative', bound: 1 });
    const [a, b, c] = differences.list();
    expect([a!.ok, b!.ok, c!.ok]).toEqual([false, true, false]);
    expect(a!.absolute).toBeCloseTo(0.5);
    expect(b!.relative).toBeCloseTo(0.1 / Math.hypot(3, 4.1));
    expect(() => differences.compare('d', [1], [1, 2], { kind: 'absolute', bound: 1 })).toThrow('1 values against 2');
  });
});
