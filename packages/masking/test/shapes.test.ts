import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { blockMask, frequencyMask, inverseBlockMask, multiBlockMask, timeMask, type Grid } from '../src/index.js';
import { tokensOf } from './strategies.js';

const grid = { freq: 5, time: 38 };

/** Tokens of the set that no whole block inside the set covers, on the torus. */
function outsideBlocks(tokens: readonly number[], { freq, time }: Grid, block: Grid): number[] {
  const set = new Set(tokens);
  const covered = new Set<number>();
  for (let corner = 0; corner < freq * time; corner++) {
    const cells: number[] = [];
    for (let f = 0; f < block.freq; f++)
      for (let t = 0; t < block.time; t++)
        cells.push(((Math.floor(corner / time) + f) % freq) * time + (((corner % time) + t) % time));
    if (cells.every((cell) => set.has(cell))) for (const cell of cells) covered.add(cell);
  }
  return tokens.filter((token) => !covered.has(token));
}

describe('the block strategies', () => {
  it.each([
    ['blockMask', blockMask, 'masked'],
    ['inverseBlockMask', inverseBlockMask, 'visible'],
  ] as const)('%s: all but the last block are whole', (_, strategy, list) => {
    for (const block of [
      { freq: 3, time: 3 },
      { freq: 2, time: 7 },
      { freq: 5, time: 5 },
      { freq: 1, time: 1 },
    ]) {
      const mask = strategy({ ratio: 0.7, block: [block.freq, block.time] })(grid, 50, seeded(1));
      for (let clip = 0; clip < 50; clip++) {
        const rest = outsideBlocks(tokensOf(mask, list, clip), grid, block);
        expect(rest.length).toBeLessThan(block.freq * block.time);
        const columns = new Set(rest.map((token) => token % grid.time));
        expect(columns.size).toBeLessThanOrEqual(block.time);
      }
    }
  });
});

describe('the line strategies', () => {
  it('timeMask masks whole columns, in spans of which only the last is cut', () => {
    for (const span of [1, 4, 11]) {
      const mask = timeMask({ ratio: 0.6, span })(grid, 50, seeded(2));
      for (let clip = 0; clip < 50; clip++) {
        const masked = tokensOf(mask, 'masked', clip);
        const columns = masked.filter((token) => token < 38);
        expect(masked).toEqual([0, 1, 2, 3, 4].flatMap((f) => columns.map((t) => f * 38 + t)));
        expect(outsideBlocks(columns, { freq: 1, time: 38 }, { freq: 1, time: span }).length).toBeLessThan(span);
      }
    }
  });

  it('frequencyMask masks whole rows, in spans of which only the last is cut', () => {
    const tall = { freq: 16, time: 6 };
    for (const span of [1, 3]) {
      const mask = frequencyMask({ ratio: 0.5, span })(tall, 50, seeded(3));
      for (let clip = 0; clip < 50; clip++) {
        const masked = tokensOf(mask, 'masked', clip);
        const rows = masked.filter((token) => token % 6 === 0).map((token) => token / 6);
        expect(masked).toEqual(rows.flatMap((f) => [0, 1, 2, 3, 4, 5].map((t) => f * 6 + t)));
        expect(outsideBlocks(rows, { freq: 1, time: 16 }, { freq: 1, time: span }).length).toBeLessThan(span);
      }
    }
  });
});

describe('multiBlockMask', () => {
  /** Draws as the strategy does (aspect, row, column of each block, then the context's centre) and keeps them. */
  function recorded(seed: number): { readonly random: () => number; readonly draws: number[] } {
    const source = seeded(seed);
    const draws: number[] = [];
    return { draws, random: () => (draws.push(source()), draws.at(-1)!) };
  }
  interface Rectangle {
    readonly row: number;
    readonly column: number;
    readonly height: number;
    readonly width: number;
  }
  /** Tokens whose centres lie in one of the rectangles, each grown to `size` times its own height and width. */
  function inside(rectangles: readonly Rectangle[], size: number, among: readonly number[]): number[] {
    return among.filter((token) =>
      rectangles.some(
        ({ row, column, height, width }) =>
          Math.abs(Math.floor(token / grid.time) + 0.5 - row) <= (size * height) / 2 &&
          Math.abs((token % grid.time) + 0.5 - column) <= (size * width) / 2,
      ),
    );
  }
  /** The chosen tokens lie between the rectangles of one size, found by bisection, and those a little larger. */
  function expectGrown(chosen: readonly number[], rectangles: readonly Rectangle[], among: readonly number[]): void {
    let [small, large] = [0, 100];
    while (large - small > 1e-4) {
      const middle = (small + large) / 2;
      if (inside(rectangles, middle, among).length <= chosen.length) small = middle;
      else large = middle;
    }
    expect(chosen).toEqual(expect.arrayContaining(inside(rectangles, small, among)));
    expect(inside(rectangles, large, among)).toEqual(expect.arrayContaining([...chosen]));
  }

  it('masks the union of rectangles grown to one size, and shows what lies nearest to one more', () => {
    const all = Array.from({ length: 190 }, (_, token) => token);
    for (let seed = 0; seed < 40; seed++) {
      const { random, draws } = recorded(seed);
      const mask = multiBlockMask({ ratio: 0.6, blocks: 3, aspect: [0.5, 2], context: 0.7 })(grid, 1, random);
      expect(draws).toHaveLength(3 * 3 + 2);
      const rectangles = [0, 3, 6].map((at) => {
        const aspect = 0.5 * 4 ** draws[at]!; // height / width, even on a log scale from 0.5 to 2
        return {
          row: draws[at + 1]! * 5,
          column: draws[at + 2]! * 38,
          height: Math.sqrt(aspect),
          width: 1 / Math.sqrt(aspect),
        };
      });
      expectGrown([...mask.masked], rectangles, all);
      const masked = new Set(mask.masked);
      const context = { row: draws[9]! * 5, column: draws[10]! * 38, height: 5, width: 38 };
      expectGrown(
        [...mask.visible],
        [context],
        all.filter((token) => !masked.has(token)),
      );
    }
  });
});
