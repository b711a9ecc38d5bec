import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { blockMask, inverseBlockMask, multiBlockMask, randomMask, type Grid, type Mask } from '../src/index.js';
import { countsOf, isMultiBlock, strategies, tokensOf } from './strategies.js';

/**
 * Clips are independent, so a token that is masked with probability p is masked in Binomial(clips, p) of them. Every
 * bound below is five standard deviations: a right strategy fails at a token with probability 6e-7, and at one of the
 * few thousand checks of this file with a probability of about 1/500 over all seeds. The seeds are fixed.
 */
const sigmas = 5;
const clips = 6000;
const grids: readonly Grid[] = [
  { freq: 5, time: 38 },
  { freq: 8, time: 12 },
];

/** How far the token of worst coverage is from the common probability, in standard deviations. */
function unevenness(mask: Mask, list: 'visible' | 'masked', tokens: number): number {
  const p = mask[list].length / mask.batch / tokens;
  const deviation = Math.sqrt(mask.batch * p * (1 - p));
  return Math.max(...countsOf(mask, list, tokens).map((count) => Math.abs(count - mask.batch * p) / deviation));
}

describe.each(Object.entries(strategies))('%s', (name, strategy) => {
  it('every token is visible in some clip and masked in another', () => {
    for (const grid of [...grids, { freq: 6, time: 7 }]) {
      const mask = strategy(0.5)(grid, 2000, seeded(5));
      const tokens = grid.freq * grid.time;
      expect(Math.min(...countsOf(mask, 'visible', tokens))).toBeGreaterThan(0);
      expect(Math.min(...countsOf(mask, 'masked', tokens))).toBeGreaterThan(0);
    }
  });

  if (isMultiBlock(name)) return; // its bounds are below
  it('coverage is even', () => {
    for (const grid of grids) {
      for (const ratio of [0.4, 0.7]) {
        const mask = strategy(ratio)(grid, clips, seeded(6));
        expect(unevenness(mask, 'masked', grid.freq * grid.time)).toBeLessThanOrEqual(sigmas);
        expect(unevenness(mask, 'visible', grid.freq * grid.time)).toBeLessThanOrEqual(sigmas);
      }
    }
  });
});

describe('randomMask', () => {
  it('draws every order of the tokens equally often, as an argsort of noise does', () => {
    const mask = randomMask({ ratio: 0.5 })({ freq: 2, time: 2 }, 24_000, seeded(7));
    const orders = new Map<string, number>();
    for (let clip = 0; clip < mask.batch; clip++) {
      const order = [...tokensOf(mask, 'visible', clip), ...tokensOf(mask, 'masked', clip)].join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    const bound = sigmas * Math.sqrt((mask.batch / 24) * (1 - 1 / 24));
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThanOrEqual(bound);
  });
});

describe('multiBlockMask', () => {
  it.each([
    [5, 38],
    [5, 62],
    [8, 64],
    [14, 14],
  ])('on %d x %d keeps the coverage bounds that its documentation states', (freq, time) => {
    const tokens = freq * time;
    for (const ratio of [0.3, 0.5, 0.7, 0.8]) {
      const mask = multiBlockMask({ ratio })({ freq, time }, 2500, seeded(8));
      const shares = countsOf(mask, 'masked', tokens).map((count) => count / mask.batch / ratio);
      expect(Math.min(...shares)).toBeGreaterThan(0.4);
      expect(Math.max(...shares)).toBeLessThan(1.4);
      if (ratio > 0.7) continue;
      const visible = mask.visible.length / mask.batch / tokens;
      const seen = countsOf(mask, 'visible', tokens).map((count) => count / mask.batch / visible);
      expect(Math.min(...seen)).toBeGreaterThan(0.3);
      expect(Math.max(...seen)).toBeLessThan(2.3);
    }
  });

  it('treats left and right, low and high alike', () => {
    const grid = { freq: 5, time: 12 };
    const mask = multiBlockMask({ ratio: 0.6, context: 0.8 })(grid, clips, seeded(9));
    for (const list of ['visible', 'masked'] as const) {
      const counts = countsOf(mask, list, 60);
      for (let f = 0; f < 5; f++) {
        for (let t = 0; t < 12; t++) {
          const count = counts[f * 12 + t]!;
          for (const mirrored of [counts[f * 12 + 11 - t]!, counts[(4 - f) * 12 + t]!]) {
            const p = (count + mirrored) / 2 / clips;
            expect(Math.abs(count - mirrored)).toBeLessThanOrEqual(sigmas * Math.sqrt(2 * clips * p * (1 - p)));
          }
        }
      }
    }
  });
});

/** Blocks drawn with replacement on a torus, one draw for the row and one for the column, cut short column by column. */
function naiveBlocks(grid: Grid, block: Grid, count: number, random: () => number): Set<number> {
  const covered = new Set<number>();
  while (covered.size < count) {
    const row = Math.floor(random() * grid.freq);
    const column = Math.floor(random() * grid.time);
    for (let t = column; t < column + block.time; t++)
      for (let f = row; f < row + block.freq; f++)
        if (covered.size < count) covered.add((f % grid.freq) * grid.time + (t % grid.time));
  }
  return covered;
}

describe.each([
  ['blockMask', blockMask, 'masked', 14],
  ['inverseBlockMask', inverseBlockMask, 'visible', 6],
] as const)('%s', (_, strategy, list, count) => {
  it('covers pairs of tokens as often as a naive loop written from its description', () => {
    const grid = { freq: 4, time: 5 };
    const block = { freq: 2, time: 3 };
    const ours = strategy({ ratio: 0.7, block: [block.freq, block.time] })(grid, clips, seeded(10));
    expect(ours[list].length / clips).toBe(count);
    const random = seeded(11);
    const pairs = { ours: new Float64Array(400), naive: new Float64Array(400) };
    const add = (to: Float64Array, tokens: Iterable<number>): void => {
      const all = [...tokens];
      for (const a of all) for (const b of all) to[a * 20 + b]! += 1;
    };
    for (let clip = 0; clip < clips; clip++) {
      add(pairs.ours, tokensOf(ours, list, clip));
      add(pairs.naive, naiveBlocks(grid, block, count, random));
    }
    for (let i = 0; i < 400; i++) {
      const p = (pairs.ours[i]! + pairs.naive[i]!) / 2 / clips;
      const bound = sigmas * Math.sqrt(2 * clips * p * (1 - p));
      expect(Math.abs(pairs.ours[i]! - pairs.naive[i]!)).toBeLessThanOrEqual(bound);
    }
  });
});
