import { seeded } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasTransform } from '../src/fft-tables.js';
import { createKernelTransform } from '../src/frames-by-kernel.js';
import { createReferenceTransform } from '../src/frames-by-reference.js';
import { logMelPresets, type LogMelOptions } from '../src/index.js';
import { findKernel } from '../src/kernel.js';
import { rateRatio } from '../src/rate-ratio.js';
import { createBlockResampler } from '../src/resample-by-blocks.js';
import { createKernelResampler } from '../src/resample-by-kernel.js';
import { frontEnds, loadFrontEnd } from './load-front-end.js';

const kernel = findKernel()!;
const { matpac } = logMelPresets;

const noise = (length: number, seed: number, level = 1): Float32Array => {
  const random = seeded(seed);
  return Float32Array.from({ length }, () => (2 * random() - 1) * level);
};

/** Log-mels of a signal by the kernel and by the reference. */
function both(options: LogMelOptions, signal: Float32Array): { ours: Float32Array; reference: Float32Array } {
  const frames = 1 + Math.floor((signal.length - options.fftSize) / options.hopLength);
  const [ours, reference] = [new Float32Array(frames * options.melBins), new Float32Array(frames * options.melBins)];
  const byKernel = createKernelTransform(options, kernel);
  expect(byKernel, JSON.stringify(options)).toBeDefined();
  expect(byKernel!(signal, frames, ours)).toBe(true);
  createReferenceTransform(options)(signal, frames, reference);
  return { ours, reference };
}

const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe('log-mels by the kernel', () => {
  it('are those of the reference, whatever the options', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          4,
          8,
          12,
          20,
          28,
          36,
          60,
          84,
          100,
          120,
          140,
          196,
          256,
          400,
          500,
          512,
          600,
          800,
          1000,
          1024,
          2048,
          4096,
        ),
        fc.integer({ min: 1, max: 700 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 90 }),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer(),
        (fftSize, hopLength, window, bins, level, frames, seed) => {
          const melBins = Math.max(1, Math.min(bins, Math.floor(fftSize / 12)));
          const windowLength = Math.ceil(window * fftSize);
          const options = { ...matpac, fftSize, hopLength, windowLength, melBins, minFrequency: 0 };
          const signal = noise((frames - 1) * hopLength + fftSize, seed, level);
          const { ours, reference } = both(options, signal);
          // Single precision leaves 1e-7 of what a transform sums up, so 1e-6 of the power in the weakest of these bins,
          // and more of a bin that by chance has far less power than the others.
          expect(furthest(ours, reference)).toBeLessThan(2e-4);
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(['matpac', 'm2d'] as const)('hold the tolerance on sounds with quiet bands (%s)', (preset) => {
    const tone = Float32Array.from({ length: 40_000 }, (_, i) => 0.9 * Math.sin(i * 0.31) * (i < 20_000 ? 1 : 1e-3));
    const hum = noise(40_000, 1, 1e-5).map((value, i) => value + 0.5 * Math.sin(i * 0.02) + 0.2);
    const steps = Float32Array.from({ length: 40_000 }, (_, i) => (Math.floor(i / 700) % 3) / 2 - 0.5);
    for (const signal of [tone, hum, steps, noise(40_000, 2), new Float32Array(40_000)]) {
      const { ours, reference } = both(logMelPresets[preset], signal);
      // The bounds of the parity with the recordings, which are float32 too. 1e-7 of a frame's amplitude of 100 has a power of
      // 1e-10, which shows in a band that has little more than the offset, 2^-23.
      const within = (above: number): Float32Array =>
        ours.map((value, i) => (reference[i]! > above ? value : reference[i]!));
      expect(furthest(within(-12), reference)).toBeLessThan(2e-4);
      expect(furthest(ours, reference)).toBeLessThan(2e-3);
    }
  });

  it('give way to the reference where single precision overflows', () => {
    const signal = noise(5000, 3);
    signal.fill(3e38, 2000, 2100);
    signal.fill(1e25, 4950);
    const { ours, reference } = both(matpac, signal);
    expect(furthest(ours, reference)).toBeLessThan(2e-4);
    expect(Math.max(...ours)).toBeGreaterThan(170);
  });

  it('look at every sample, between frames and behind them too', () => {
    const options = { ...matpac, hopLength: 1000 };
    const transform = createKernelTransform(options, kernel)!;
    for (const at of [0, 399, 400, 999, 4400, 4900]) {
      for (const wrong of [NaN, Infinity, -Infinity]) {
        const signal = noise(5000, at);
        signal[at] = wrong;
        expect(transform(signal, 5, new Float32Array(5 * 80)), `${wrong} at ${at}`).toBe(false);
      }
    }
  });

  it('leave out what the kernel does not know', () => {
    for (const options of [
      { fftSize: 402 },
      { fftSize: 44 * 11 },
      { fftSize: 405 },
      { logOffset: 1e-40 },
      { hopLength: 1e7 },
    ])
      expect(createKernelTransform({ ...matpac, ...options }, kernel), JSON.stringify(options)).toBeUndefined();
  });
});

describe('the resampler by the kernel', () => {
  it.each([
    [44_100, 16_000],
    [48_000, 16_000],
    [22_050, 16_000],
    [11_025, 16_000],
    [8_000, 16_000],
    [16_000, 44_100],
    [96_000, 44_100],
    [32_000, 12_000],
    [7, 5],
  ])('is that of the reference (%i to %i Hz)', (from, to) => {
    const ratio = rateRatio('test', from, to);
    const [ours, reference] = [createKernelResampler(ratio, kernel)!, createBlockResampler(ratio)];
    for (const length of [1, 1000, 60_001]) {
      const samples = noise(length, length);
      const results = [ours, reference].map((resampler) => {
        const result = new Float32Array(Math.ceil((length * to) / from));
        resampler.run(samples, 0, result, 0);
        return result;
      });
      // single precision: two transforms of some thousand samples of order 1
      expect(furthest(results[0]!, results[1]!)).toBeLessThan(6.6e-7);
    }
  });

  it('gives way to the reference where single precision overflows', () => {
    const ratio = rateRatio('test', 44_100, 16_000);
    const samples = noise(60_001, 1);
    samples.fill(1e37, 20_000, 21_000);
    const [ours, reference] = [createKernelResampler(ratio, kernel)!, createBlockResampler(ratio)].map((resampler) => {
      const result = new Float32Array(Math.ceil((60_001 * 160) / 441));
      resampler.run(samples, 0, result, 0);
      return result;
    });
    const loud = 2 * 14 * 160; // two blocks in one lane, and their neighbours
    expect(ours!.subarray(loud, 2 * loud)).toEqual(reference!.subarray(loud, 2 * loud));
    expect(ours!.every(Number.isFinite)).toBe(true);
  });

  it('leaves out what the kernel has no memory for', () => {
    expect(createKernelResampler({ old: 1, new: 1024 }, kernel)).toBeUndefined();
  });
});

describe('where there is no kernel', () => {
  function Refused(): void {
    throw new EvalError('Refused to compile: a content security policy');
  }
  it.each([
    ['no WebAssembly', undefined],
    ['no vectors, or a policy against it', { Module: Refused }],
  ])('TypeScript computes the same (%s)', async (_, webAssembly) => {
    const without = await loadFrontEnd(webAssembly);
    const [, withKernel] = frontEnds[0];
    expect([without.kernel, withKernel.kernel]).toEqual([false, true]);
    const sound = noise(50_000, 5);
    const [slow, fast] = [without, withKernel].map(({ createLogMel, resample }) =>
      createLogMel()(resample(sound, 44_100, 16_000)),
    );
    expect(fast!.frames).toBe(slow!.frames);
    expect(furthest(fast!.data, slow!.data)).toBeGreaterThan(0); // or it was the same code
    expect(furthest(fast!.data, slow!.data)).toBeLessThan(1e-4); // noise, in which no band is quiet
  });
});

it('the kernel has the transforms that the usual rates and windows need', () => {
  for (const size of [400, 512, 1024, 7056, 2560]) expect(hasTransform(size)).toBe(true);
  for (const size of [402, 44, 1]) expect(hasTransform(size)).toBe(false);
});

it('the kernel takes the same memory for a sound of any length, and never much', () => {
  const { memory } = kernel.exports;
  const minutes = noise(16_000 * 60 * 3, 1);
  const [transform, resampler] = [
    createKernelTransform(matpac, kernel)!,
    createKernelResampler({ old: 441, new: 160 }, kernel)!,
  ];
  const before = memory.buffer.byteLength;
  transform(minutes, 17_998, new Float32Array(17_998 * 80));
  resampler.run(minutes, 0, new Float32Array(Math.ceil((minutes.length * 160) / 441)), 0);
  expect(memory.buffer.byteLength).toBe(before);
  expect(before).toBeLessThan(8.1e6);
});
