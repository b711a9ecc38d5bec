import { expectCloseArrays } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { hannWindow, logMelPresets, melFilterBank } from '../src/index.js';

describe('melFilterBank', () => {
  const filters = melFilterBank(logMelPresets.matpac);

  it('has a row per mel over the frequencies of the transform', () => {
    expect(filters).toHaveLength(80);
    for (const filter of filters) expect(filter).toHaveLength(201);
  });

  it('rises and falls once, and leaves out no frequency between the edges', () => {
    for (const filter of filters) {
      const peak = filter.indexOf(Math.max(...filter));
      for (let k = 1; k <= 200; k++) {
        if (k <= peak) expect(filter[k]!).toBeGreaterThanOrEqual(filter[k - 1]!);
        else expect(filter[k]!).toBeLessThanOrEqual(filter[k - 1]!);
      }
    }
    for (let k = 2; k < 200; k++)
      expect(
        filters.some((filter) => filter[k]! > 0),
        `${40 * k} Hz`,
      ).toBe(true);
    expect(filters.every((filter) => filter[0] === 0 && filter[1] === 0)).toBe(true); // below 50 Hz
  });

  describe('on a grid of 1 Hz', () => {
    const fine = melFilterBank({ ...logMelPresets.matpac, fftSize: 16000 });

    it('has triangles of area 1', () => {
      const areas = fine.map((filter) => filter.reduce((sum, weight) => sum + weight, 0));
      // The sum of a triangle of base 73 Hz and more at steps of 1 Hz is off by less than (1 / 36)^2.
      expectCloseArrays(areas, new Array<number>(80).fill(1), { absolute: 8e-4 });
    });

    it('starts with peaks at 86.6, 123.2, 159.9 Hz and ends with one at 7703.5 Hz', () => {
      const peaks = [...fine.slice(0, 3), fine[79]!].map((filter) => filter.indexOf(Math.max(...filter)));
      expect(peaks).toEqual([87, 123, 160, 7704]);
    });
  });

  it('refuses numbers out of range', () => {
    const base = logMelPresets.matpac;
    expect(() => melFilterBank({ ...base, maxFrequency: 8001 })).toThrow('at most half the sample rate (8000 Hz)');
    expect(() => melFilterBank({ ...base, maxFrequency: 40 })).toThrow('above minFrequency (50 Hz)');
    expect(() => melFilterBank({ ...base, minFrequency: -1 })).toThrow('minFrequency from 0 Hz');
    expect(() => melFilterBank({ ...base, minFrequency: NaN })).toThrow('minFrequency from 0 Hz');
    expect(() => melFilterBank({ ...base, melBins: 0 })).toThrow('melBins');
    expect(() => melFilterBank({ ...base, fftSize: 1 })).toThrow('fftSize');
    expect(() => melFilterBank({ ...base, sampleRate: 0 })).toThrow('sampleRate');
    expect(() => melFilterBank({ ...base, melBins: 200 })).toThrow('use fewer melBins');
  });
});

describe('hannWindow', () => {
  it('is the periodic one', () => {
    expectCloseArrays(hannWindow(4), [0, 0.5, 1, 0.5], { absolute: 1e-15 });
    expectCloseArrays(hannWindow(1), [0], { absolute: 0 });
    expect(() => hannWindow(0)).toThrow('hannWindow');
  });
});
