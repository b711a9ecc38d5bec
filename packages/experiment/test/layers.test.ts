import { describe, expect, it } from 'vitest';
import { blocksOf } from '../src/layers.js';

describe('blocksOf', () => {
  it('gives all blocks, or those that are asked for and exist', () => {
    expect(blocksOf('all', 3)).toEqual([0, 1, 2]);
    expect(blocksOf([2, 0], 3)).toEqual([2, 0]);
    for (const odd of [3, -1, 0.5])
      expect(() => blocksOf([0, odd], 3)).toThrow(`\`layers\` ${odd}: the encoder has the blocks 0 to 2`);
  });
});
