import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { countVisible, maskFromPermutation, randomMask } from '../src/index.js';
import { tokensOf } from './strategies.js';

describe('maskFromPermutation', () => {
  it('splits each row in the recorded order', () => {
    const mask = maskFromPermutation([2, 0, 3, 1, 1, 2, 0, 3], { batch: 2, visible: 1 });
    expect([...mask.visible]).toEqual([2, 1]);
    expect([...mask.masked]).toEqual([0, 3, 1, 2, 0, 3]);
    expect(mask.batch).toBe(2);
  });

  it('gives back a random mask from its own shuffle', () => {
    const mask = randomMask({ ratio: 0.7 })({ freq: 5, time: 38 }, 6, seeded(1));
    const shuffle = Array.from({ length: 6 }, (_, clip) => [
      ...tokensOf(mask, 'visible', clip),
      ...tokensOf(mask, 'masked', clip),
    ]).flat();
    expect(maskFromPermutation(shuffle, { batch: 6, visible: countVisible(190, 0.7) })).toEqual(mask);
  });
});
