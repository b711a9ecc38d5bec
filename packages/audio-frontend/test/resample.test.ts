import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockResampler } from '../src/resample-by-blocks.js';
import { createTapResampler } from '../src/resample-by-taps.js';
import { rateRatio } from '../src/rate-ratio.js';
import { frontEnds } from './load-front-end.js';

/** Bessel I0 by Simpson's rule on (1 / pi) * integral from 0 to pi of e^(x cos t) dt. */
function besselI0(x: number): number {
  const steps = 400;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.exp(x * Math.cos((Math.PI * i) / steps));
  }
  return sum / (3 * steps);
}

/** One output sample straight from the windowed sinc, over the whole input. */
function oracle(samples: Float32Array, from: number, to: number, at: number): number {
  const beta = 14.769656459379492;
  const cutoff = (Math.min(from, to) * 0.9475937167399596) / from; // in cycles per two input samples
  let sum = 0;
  samples.forEach((sample, i) => {
    const t = (i - (at * from) / to) * cutoff;
    if (Math.abs(t) >= 64) return;
    const window = besselI0(beta * Math.sqrt(1 - (t / 64) ** 2)) / besselI0(beta);
    const sinc = Math.abs(t) < 1e-12 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    sum += sample * sinc * window * cutoff;
  });
  return sum;
}

const tone = (hz: number, rate: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));

describe.each(frontEnds)('resample (%s)', (_, { resample }) => {
  it.each([
    [44100, 16000],
    [48000, 16000],
    [22050, 16000],
    [8000, 16000],
    [16000, 44100],
    [3, 2],
  ])('from %i to %i Hz is the windowed sinc', (from, to) => {
    const random = seeded(from);
    const samples = Float32Array.from({ length: 500 }, () => random() - 0.5);
    const ours = resample(samples, from, to);
    const places = Array.from({ length: 20 }, (_, i) => Math.floor((i * (ours.length - 1)) / 19));
    // float32 output of order 1
    expectCloseArrays(places.map((at) => ours[at]!), places.map((at) => oracle(samples, from, to, at)), { absolute: 1e-6 }); // prettier-ignore
  });

  it('has ceil(length * to / from) samples, whatever the rates', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 700 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (length, from, to) => {
          const result = resample(new Float32Array(length).fill(0.5), from, to);
          expect(result).toHaveLength(Math.ceil((length * to) / from));
          expect(result.every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it.each([
    [44100, 16000, 440],
    [48000, 16000, 7000],
    [8000, 16000, 3000],
    [44101, 16000, 1000],
  ])('keeps a tone (%i to %i Hz, %i Hz)', (from, to, hz) => {
    const result = resample(tone(hz, from, from / 4), from, to);
    const expected = tone(hz, to, result.length);
    const edge = Math.ceil(0.02 * to); // the sinc reaches 9 ms, where the input is zero
    // Pass band of this window: 1e-6 off at most, here plus float32.
    expectCloseArrays(result.subarray(edge, -edge), expected.subarray(edge, -edge), { absolute: 3e-6 });
  });

  it('takes out what the new rate cannot hold', () => {
    const result = resample(tone(9000, 44100, 11025), 44100, 16000);
    expect(Math.max(...result.subarray(320, -320).map(Math.abs))).toBeLessThan(1e-5); // 100 dB down
  });

  it('copies at equal rates', () => {
    const samples = Float32Array.of(1, 2, 3);
    const result = resample(samples, 16000, 16000);
    expect(result).toEqual(samples);
    expect(result).not.toBe(samples);
  });

  it('refuses odd rates and samples', () => {
    expect(() => resample(new Float32Array(4), 0, 16000)).toThrow('whole numbers above 0, got 0 and 16000');
    expect(() => resample(new Float32Array(4), 44100, 16000.5)).toThrow('got 44100 and 16000.5');
    expect(() => resample(Float32Array.of(0, NaN), 8000, 16000)).toThrow('got NaN at sample 1');
  });
});

describe('createBlockResampler', () => {
  it.each([
    [44100, 16000, 200_000], // several blocks in every lane, the last of them partly filled
    [48000, 16000, 30_001],
    [16000, 44100, 9_999],
    [8000, 16000, 5_000],
    [4, 3, 20_000],
  ])('gives what the sum over taps gives (%i to %i Hz, %i samples)', (from, to, length) => {
    const random = seeded(length);
    const samples = Float32Array.from({ length }, () => random() - 0.5);
    const ratio = rateRatio('test', from, to);
    const blocks = new Float32Array(Math.ceil((length * to) / from));
    const taps = blocks.slice();
    createBlockResampler(ratio).run(samples, 0, blocks, 0);
    createTapResampler(ratio).run(samples, 0, taps, 0);
    // One unit in the last place of float32 at 1, and what the filter lets through above its stop frequency.
    expectCloseArrays(blocks, taps, { absolute: 3e-7 });
  });
});
