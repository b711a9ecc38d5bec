import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crop, cropAt, pad, standardize, type Spectrogram } from '../src/index.js';

/** Element (bin, frame) is 1000 bin + frame. */
const numbered = (bins: number, frames: number): Spectrogram => ({
  data: Float32Array.from({ length: bins * frames }, (_, i) => 1000 * Math.floor(i / frames) + (i % frames)),
  bins,
  frames,
});

describe('standardize', () => {
  it('subtracts the mean and divides by the standard deviation', () => {
    const spectrogram = { data: Float32Array.of(-7.056, -2.863, -15.942385), bins: 3, frames: 1 };
    const result = standardize(spectrogram, { mean: -7.056, std: 4.193 });
    expectCloseArrays(result.data, [0, 1, -2.119338], { absolute: 1e-6 }); // float32
    expect(result).toMatchObject({ bins: 3, frames: 1 });
  });

  it('refuses numbers that are no statistics', () => {
    for (const statistics of [
      { mean: NaN, std: 1 },
      { mean: 0, std: 0 },
      { mean: 0, std: -1 },
      { mean: 0, std: NaN },
    ])
      // prettier-ignore
      expect(() => standardize(numbered(1, 2), statistics)).toThrow('standardize: expected a finite mean');
  });
});

describe('crop', () => {
  it('cuts out whole frames', () => {
    expect(cropAt(numbered(3, 10), 4, 2)).toEqual({
      data: Float32Array.of(4, 5, 1004, 1005, 2004, 2005),
      bins: 3,
      frames: 2,
    });
  });

  it('takes every start from 0 to frames - length, equally often', () => {
    const random = seeded(5);
    const counts = new Array<number>(5).fill(0);
    const draws = 20000;
    for (let i = 0; i < draws; i++) counts[crop(numbered(1, 12), 8, random).data[0]!]!++;
    // Five standard deviations of a binomial count.
    const spread = 5 * Math.sqrt(draws * 0.2 * 0.8);
    expectCloseArrays(counts, new Array<number>(5).fill(draws / 5), { absolute: spread });
  });

  it('reaches both ends with the ends of the random numbers', () => {
    expect(crop(numbered(1, 12), 8, () => 0).data[0]).toBe(0);
    expect(crop(numbered(1, 12), 8, () => 1 - 2 ** -53).data[0]).toBe(4);
    expect(crop(numbered(2, 8), 8, () => 0.9)).toEqual(numbered(2, 8));
  });

  it('refuses frames that are not there', () => {
    expect(() => crop(numbered(2, 7), 8, () => 0)).toThrow('crop: expected at least 8 frames, got 7; pad');
    expect(() => cropAt(numbered(2, 9), 2, 8)).toThrow('cropAt: expected at least 10 frames, got 9');
    expect(() => cropAt(numbered(2, 9), -1, 8)).toThrow('a start from 0');
    expect(() => crop(numbered(2, 9), 0, () => 0)).toThrow('from 1');
    expect(() => crop(numbered(2, 9), 2.5, () => 0)).toThrow('whole');
  });
});

describe('pad', () => {
  it('fills up after the last frame, and a crop takes it away again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 9 }),
        (bins, frames, more) => {
          // prettier-ignore
          const spectrogram = numbered(bins, frames);
          const padded = pad(spectrogram, frames + more, -3);
          expect(padded.frames).toBe(frames + more);
          expect(cropAt(padded, 0, frames)).toEqual(spectrogram);
          if (more > 0) expect(new Set(cropAt(padded, frames, more).data)).toEqual(new Set([-3]));
        },
      ),
    );
  });

  it('fills with 0 and leaves long ones alone', () => {
    expect(pad(numbered(1, 2), 3).data).toEqual(Float32Array.of(0, 1, 0));
    const long = numbered(1, 5);
    expect(pad(long, 3)).toBe(long);
    expect(() => pad(long, 0)).toThrow('pad: expected frames');
  });
});
