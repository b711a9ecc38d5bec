import { seeded } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countVisible, frequencyMask, timeMask, validateMask } from '../src/index.js';
import { strategies, tokensOf } from './strategies.js';

const matpac = { freq: 5, time: 38 };
// int(190 * (1 - ratio)) in Python, its rounding errors included: 0.9 leaves 18, not 19
const authors = [
  [0.5, 95, 95],
  [0.6, 76, 114],
  [0.7, 57, 133],
  [0.75, 47, 143],
  [0.8, 37, 153],
  [0.9, 18, 172],
] as const;

describe('counts', () => {
  it.each(authors)('at ratio %d are the %d visible and %d masked of the authors', (ratio, visible, masked) => {
    expect(countVisible(190, ratio)).toBe(visible);
    for (const [name, strategy] of Object.entries(strategies)) {
      if (name.startsWith('time') || name.startsWith('frequency')) continue;
      const mask = strategy(ratio)(matpac, 3, seeded(1));
      const seen = name.includes('context') ? Math.floor(visible * 0.8) : visible;
      expect([name, mask.visible.length / 3, mask.masked.length / 3]).toEqual([name, seen, masked]);
    }
  });

  it.each([
    [0.7, 27], // 26.6
    [0.5, 19],
    [0.6, 23], // 22.8
    [0.25, 10], // 9.5: halves up
    [0.9, 34], // 34.2
  ])('of the time strategy at ratio %d are %d whole columns of 38', (ratio, columns) => {
    const mask = timeMask({ ratio })(matpac, 2, seeded(1));
    expect(mask.masked.length / 2).toBe(columns * 5);
    expect(mask.visible.length / 2).toBe((38 - columns) * 5);
  });

  it.each([
    [0.7, 4], // 3.5: halves up
    [0.6, 3],
    [0.8, 4], // 5 * (1 - 0.8) is a little less than 1 and must not round down to no row at all
    [0.25, 1], // 1.25
  ])('of the frequency strategy at ratio %d are %d whole rows of 5', (ratio, rows) => {
    const mask = frequencyMask({ ratio })(matpac, 2, seeded(1));
    expect(mask.masked.length / 2).toBe(rows * 38);
    expect(mask.visible.length / 2).toBe((5 - rows) * 38);
  });

  it.each(Object.entries(strategies))(
    '%s: a partition of every clip, the same counts in every batch',
    (name, strategy) => {
      const side = fc.integer({ min: 5, max: 20 });
      fc.assert(
        fc.property(
          side,
          side.map((time) => time + 2),
          fc.double({ min: 0.15, max: 0.85, noNaN: true }),
          fc.integer({ min: 1, max: 5 }),
          fc.integer(),
          (freq, time, ratio, batch, seed) => {
            const grid = { freq, time };
            const mask = strategy(ratio)(grid, batch, seeded(seed));
            expect(mask.batch).toBe(batch);
            validateMask(mask, grid);
            for (let clip = 0; clip < batch; clip++) {
              const visible = tokensOf(mask, 'visible', clip);
              const masked = tokensOf(mask, 'masked', clip);
              const both = new Set([...visible, ...masked]);
              expect(both.size).toBe(visible.length + masked.length);
              expect(both.size === freq * time).toBe(!name.includes('context'));
              const inOrder = [visible, masked].every((list) =>
                list.every((token, i) => i === 0 || token > list[i - 1]!),
              );
              expect(inOrder || name === 'random').toBe(true);
            }
            const unit = name.startsWith('time')
              ? 1 / time
              : name.startsWith('frequency')
                ? 1 / freq
                : 2 / (freq * time);
            expect(Math.abs(mask.masked.length / batch / (freq * time) - ratio)).toBeLessThanOrEqual(unit / 2 + 1e-12);
            const other = strategy(ratio)(grid, batch, seeded(seed + 1));
            expect(other.visible.length).toBe(mask.visible.length);
            expect(other.masked.length).toBe(mask.masked.length);
            expect(strategy(ratio)(grid, batch, seeded(seed))).toEqual(mask);
          },
        ),
        { numRuns: 40, seed: 3 },
      );
    },
  );

  it.each(Object.entries(strategies))('%s: clips of a batch differ', (_, strategy) => {
    const mask = strategy(0.6)({ freq: 6, time: 38 }, 8, seeded(4));
    const clips = new Set(Array.from({ length: 8 }, (__, clip) => tokensOf(mask, 'visible', clip).join()));
    expect(clips.size).toBeGreaterThan(4); // frequency has no more than C(6, 2) = 15 masks
  });

  it.each(Object.entries(strategies))('%s: a source of numbers that is stuck changes no count', (_, strategy) => {
    const usual = strategy(0.7)(matpac, 2, seeded(1));
    for (const stuck of [0, 0.5, 1 - 2 ** -53]) {
      const mask = strategy(0.7)(matpac, 2, () => stuck); // ends, and multi-block meets nothing but ties
      expect(() => validateMask(mask, matpac)).not.toThrow();
      expect([mask.visible.length, mask.masked.length]).toEqual([usual.visible.length, usual.masked.length]);
    }
  });
});
