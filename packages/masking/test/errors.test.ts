import { describe, expect, it } from 'vitest';
import {
  blockMask,
  countVisible,
  frequencyMask,
  inverseBlockMask,
  maskFromPermutation,
  multiBlockMask,
  randomMask,
  timeMask,
  validateMask,
} from '../src/index.js';
import { strategies } from './strategies.js';

const grid = { freq: 5, time: 38 };

describe.each(Object.entries(strategies))('%s refuses', (_, strategy) => {
  it.each([0, 1, -0.1, 1.2, NaN, Infinity])('ratio %d', (ratio) => {
    expect(() => strategy(ratio)).toThrow(/^\w+Mask: expected a ratio between 0 and 1, both excluded, got /);
  });
  it.each([
    [0, 38],
    [5, 0],
    [5, 38.5],
    [-5, 38],
    [NaN, 38],
  ])('a grid of %d x %d', (freq, time) => {
    expect(() => strategy(0.7)({ freq, time }, 1, Math.random)).toThrow(
      /expected a grid of at least one row and one column/,
    );
  });
  it.each([0, -1, 1.5, NaN])('a batch of %d', (batch) => {
    expect(() => strategy(0.7)(grid, batch, Math.random)).toThrow(/expected a batch of at least one clip/);
  });
  it.each([1, -0.5, NaN, 2])('a source of numbers that gives %d', (number) => {
    expect(() => strategy(0.7)(grid, 1, () => number)).toThrow(/expected random\(\) in \[0, 1\), got/);
  });
});

describe('an empty side is refused', () => {
  it('names the function, the counts and the next step', () => {
    expect(() => randomMask({ ratio: 0.7 })({ freq: 1, time: 3 }, 1, Math.random)).toThrow(
      'randomMask: expected at least one visible and one masked token, got 0 visible of 3 at ratio 0.7; lower the ratio or use longer clips',
    );
    expect(() => timeMask({ ratio: 0.9 })({ freq: 5, time: 4 }, 1, Math.random)).toThrow(
      'timeMask: expected at least one visible and one masked column, got 0 visible of 4 at ratio 0.9; lower the ratio or use longer clips',
    );
    expect(() => frequencyMask({ ratio: 0.05 })(grid, 1, Math.random)).toThrow(
      'frequencyMask: expected at least one visible and one masked row, got 5 visible of 5 at ratio 0.05; raise the ratio or use longer clips',
    );
    expect(() => multiBlockMask({ ratio: 0.7, context: 0.01 })(grid, 1, Math.random)).toThrow(
      'multiBlockMask: expected at least one visible token, got floor(57 * 0.01) = 0; raise the context',
    );
    expect(() => countVisible(1, 0.5)).toThrow(/^countVisible: expected at least one visible and one masked token/);
    expect(() => countVisible(190, 1)).toThrow(/^countVisible: expected a ratio/);
    expect(() => countVisible(1e3, 1e-20)).toThrow(/got 1000 visible of 1000 at ratio 1e-20; raise the ratio/);
  });
});

describe('options of one strategy', () => {
  it('blocks and spans must fit the grid', () => {
    expect(() => blockMask({ ratio: 0.7, block: [6, 3] })(grid, 1, Math.random)).toThrow(
      "blockMask: expected a block between 1x1 and the grid's 5x38, got 6x3; give a smaller block",
    );
    expect(() => inverseBlockMask({ ratio: 0.7, block: [0, 3] })(grid, 1, Math.random)).toThrow(
      /^inverseBlockMask: expected a block/,
    );
    expect(() => timeMask({ ratio: 0.7, span: 39 })(grid, 1, Math.random)).toThrow(
      'timeMask: expected a span of at most 38 columns, got 39; give a smaller span',
    );
    expect(() => frequencyMask({ ratio: 0.7, span: 6 })(grid, 1, Math.random)).toThrow(/at most 5 rows, got 6/);
    expect(() => timeMask({ ratio: 0.7, span: 0 })).toThrow(/^timeMask: expected a span of at least 1, got 0/);
  });
  it('multi-block', () => {
    expect(() => multiBlockMask({ ratio: 0.7, blocks: 0 })).toThrow(/expected at least 1 block, got 0/);
    for (const aspect of [
      [0, 1],
      [2, 1],
      [1, Infinity],
      [NaN, 1],
    ] as const)
      expect(() => multiBlockMask({ ratio: 0.7, aspect })).toThrow(/expected an aspect \[lowest, highest\]/);
    for (const context of [0, 1.1, NaN])
      expect(() => multiBlockMask({ ratio: 0.7, context })).toThrow(/expected a context/);
  });
});

describe('validateMask', () => {
  const mask = (visible: number[], masked: number[], batch = 2) => ({
    visible: Int32Array.from(visible),
    masked: Int32Array.from(masked),
    batch,
  });
  const small = { freq: 2, time: 2 };
  it('accepts a right mask, and one that leaves tokens out', () => {
    expect(() => validateMask(mask([0, 3], [1, 2, 3, 1, 2, 0]), small)).not.toThrow();
    expect(() => validateMask(mask([0, 3], [1, 2]), small)).not.toThrow();
  });
  it('names what is wrong', () => {
    expect(() => validateMask(mask([0, 190], [1, 2]), grid)).toThrow(
      'validateMask: visible index 190 of clip 1 is outside 0..189 (grid 5x38); was the mask made for another grid?',
    );
    expect(() => validateMask(mask([0, 3], [1, -2]), small)).toThrow(/masked index -2 of clip 1 is outside 0..3/);
    expect(() => validateMask(mask([0, 3], [1, 3]), small)).toThrow(/got masked index 3 of clip 1 again/);
    expect(() => validateMask(mask([0, 0, 3, 1], [1, 2]), small)).toThrow(/got visible index 0 of clip 0 again/);
    expect(() => validateMask(mask([0, 3, 1], [1, 2]), small)).toThrow(/the same number of visible tokens/);
    expect(() => validateMask(mask([0, 3], []), small)).toThrow(/the same number of masked tokens, at least 1/);
    expect(() => validateMask(mask([0, 3], [1, 2], 0), small)).toThrow(/expected a batch of at least one clip/);
  });
});

describe('maskFromPermutation', () => {
  it('refuses what is no permutation of each row', () => {
    expect(() => maskFromPermutation([0, 1, 2, 0, 1, 1], { batch: 2, visible: 1 })).toThrow(
      'maskFromPermutation: expected each of 0..2 once in row 1, got 1 at place 2; give the whole shuffle, (batch, tokens) row-major',
    );
    expect(() => maskFromPermutation([0, 1, 3], { batch: 1, visible: 1 })).toThrow(/got 3 at place 2/);
    expect(() => maskFromPermutation([0, 1, 0.5], { batch: 1, visible: 1 })).toThrow(/got 0.5 at place 2/);
    expect(() => maskFromPermutation([0, 1, 2], { batch: 2, visible: 1 })).toThrow(
      /expected 2 rows of equal length, got 3 indices/,
    );
    expect(() => maskFromPermutation([], { batch: 2, visible: 1 })).toThrow(/expected 2 rows of equal length/);
    expect(() => maskFromPermutation([0, 1, 2], { batch: 1, visible: 3 })).toThrow(
      /expected visible between 1 and 2, got 3/,
    );
    expect(() => maskFromPermutation([0, 1, 2], { batch: 1, visible: 0 })).toThrow(
      /expected visible between 1 and 2, got 0/,
    );
  });
});
