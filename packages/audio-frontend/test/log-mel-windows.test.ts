import { seeded } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogMelWindows, type LogMelOptions, type LogMelWindows, type Spectrogram } from '../src/index.js';
import { frontEnds } from './load-front-end.js';

const noise = (length: number, seed: number): Float32Array => {
  const random = seeded(seed);
  return Float32Array.from({ length }, () => random() - 0.5);
};

/** The stretch out of no more samples than asked for. */
function stretchOf(windows: LogMelWindows, sound: Float32Array, first: number, count: number): Spectrogram {
  const { start, end } = windows.span(first, count);
  return windows.at(sound.slice(start, Math.min(end, sound.length)), first, count, sound.length);
}

/** The same bits; `toEqual` takes seconds for as many numbers. */
function expectSame(actual: Spectrogram, expected: Spectrogram): void {
  expect([actual.bins, actual.frames]).toEqual([expected.bins, expected.frames]);
  expect(Buffer.compare(Buffer.from(actual.data.buffer), Buffer.from(expected.data.buffer))).toBe(0);
}

it.each([undefined, NaN, Infinity, -1, 0.5])('refuses %s samples: a file may not say how many it has', (samples) => {
  const { frames } = createLogMelWindows(44_100);
  expect(() => frames(samples as number)).toThrow(`expected a whole number of samples from 0, got ${samples}`);
});

describe.each(frontEnds)(
  'createLogMelWindows (%s)',
  (_, { createLogMel, createLogMelWindows: create, cropAt, resample, kernel }) => {
    const whole = (sound: Float32Array, rate: number, options: Partial<LogMelOptions>): Spectrogram =>
      createLogMel(options)(resample(sound, rate, options.sampleRate ?? 16_000));

    it.each([
      [16_000, 12], // equal rates
      [44_100, 12], // blocks
      [48_000, 6],
      [22_050, 6],
      [11_025, 6],
      [8_000, 6],
      [44_101, 2], // sums over taps
      [6_007, 3],
    ])('gives bit for bit the frames of the whole sound (%i Hz)', (rate, numRuns) => {
      const most = kernel && rate > 16_000 && rate < 44_101 ? 25 : 5; // the kernel takes 8 s at a time
      fc.assert(
        fc.property(
          fc.constantFrom<Partial<LogMelOptions>>(
            {},
            { center: true },
            { hopLength: 37, windowLength: 300, fftSize: 512, center: true },
            { hopLength: 1000, fftSize: 405, melBins: 20 },
          ),
          fc.double({ min: 0.1, max: most, noNaN: true }),
          fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          fc.integer({ min: 1, max: 300 }),
          fc.integer(),
          (options, seconds, place, count, seed) => {
            const sound = noise(Math.round(seconds * rate), seed);
            const windows = create(rate, options);
            const expected = whole(sound, rate, options);
            expect(windows.frames(sound.length)).toBe(expected.frames);
            const first = Math.floor(place * expected.frames);
            const taken = Math.min(count, expected.frames - first);
            expectSame(stretchOf(windows, sound, first, count), cropAt(expected, first, taken));
          },
        ),
        { numRuns },
      );
    });

    it.each([0, 1, 159, 160, 161])('mirrors the ends of a sound of 8000 + %i samples alone', (more) => {
      const sound = noise(8000 + more, more);
      const options = { center: true };
      const windows = create(16_000, options);
      const expected = whole(sound, 16_000, options);
      for (let first = 0; first < expected.frames; first++)
        expectSame(stretchOf(windows, sound, first, 1), cropAt(expected, first, 1));
    });

    it('fills a short sound when asked to', () => {
      for (const center of [false, true]) {
        for (const length of [1, 100, 399, 400, 401]) {
          const sound = noise(length, length);
          const filled = new Float32Array(Math.max(400, length));
          filled.set(sound);
          const windows = create(16_000, { center, fillShort: true });
          const expected = createLogMel({ center })(filled);
          expect(windows.frames(length)).toBe(expected.frames);
          expect(stretchOf(windows, sound, 0, 100)).toEqual(expected);
        }
      }
      expect(create(16_000).frames(399)).toBe(0);
      expect(create(16_000, { center: true }).frames(200)).toBe(0);
      expect(create(16_000, { center: true }).frames(201)).toBe(2);
      expect(create(16_000, { fillShort: true }).frames(0)).toBe(0);
    });

    it('fills a short sound of another rate after resampling it', () => {
      const sound = noise(500, 1);
      const filled = new Float32Array(400);
      filled.set(resample(sound, 44_100, 16_000));
      expect(stretchOf(create(44_100, { fillShort: true }), sound, 0, 9)).toEqual(createLogMel()(filled));
    });

    it('refuses what is not the stretch', () => {
      const windows = create(16_000);
      expect(() => windows.at(new Float32Array(400), 0, 1, 16_000)).toThrow('see span()');
      expect(() => windows.at(new Float32Array(400), 1, 1, 400)).toThrow('expected a first frame below 1');
      expect(() => windows.span(-1, 1)).toThrow('expected first to be a whole number from 0, got -1');
      expect(() => windows.span(0, 0)).toThrow('expected count to be a whole number from 1, got 0');
      expect(() => create(44_100.5)).toThrow('createLogMelWindows: expected rates in Hz');
      expect(() => create(16_000, { hopLength: 0 })).toThrow('hopLength');
    });

    it.each([16_000, 44_100, 44_101])('names the place of a NaN in the sound (%i Hz)', (rate) => {
      const sound = noise(10 * rate, 1);
      sound[8 * rate + 3] = NaN;
      const windows = create(rate);
      expect(() => stretchOf(windows, sound, 790, 20)).toThrow(`got NaN at sample ${8 * rate + 3}`);
      expect(stretchOf(windows, sound, 0, 20).frames).toBe(20);
    });
  },
);

it.each([8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 44_101, 48_000, 96_000, 192_000])(
  'needs at most 3 s beside the stretch (%i Hz)',
  (rate) => {
    const windows = createLogMelWindows(rate);
    for (let first = 0; first < 9_000; first += 97) {
      const { start, end } = windows.span(first, 600);
      const shown = [
        Math.floor((first * 160 * rate) / 16_000),
        Math.ceil(((first + 599) * 160 + 400) * (rate / 16_000)),
      ];
      expect(start).toBeLessThanOrEqual(shown[0]!);
      expect(end).toBeGreaterThanOrEqual(shown[1]!);
      expect(end - start - (shown[1]! - shown[0]!)).toBeLessThanOrEqual(3 * rate);
    }
  },
);
