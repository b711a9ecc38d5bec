import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { hannWindow, logMelPresets, melFilterBank, type LogMelOptions } from '../src/index.js';
import { frontEnds } from './load-front-end.js';

/** One log-mel value by the definition, with a plain sum in place of the fast transform. */
function oracle(signal: (i: number) => number, bin: number, frame: number, options: LogMelOptions): number {
  const { fftSize, windowLength, hopLength, logOffset } = options;
  const window = hannWindow(windowLength);
  const filter = melFilterBank(options)[bin]!;
  const offset = Math.floor((fftSize - windowLength) / 2);
  let power = 0;
  filter.forEach((weight, k) => {
    if (weight === 0) return;
    let [re, im] = [0, 0];
    for (let i = 0; i < windowLength; i++) {
      const value = window[i]! * signal(frame * hopLength + offset + i);
      const angle = (-2 * Math.PI * ((k * (offset + i)) % fftSize)) / fftSize;
      re += value * Math.cos(angle);
      im += value * Math.sin(angle);
    }
    power += weight * (re ** 2 + im ** 2);
  });
  return Math.log(power + logOffset);
}

const noise = (length: number, seed: number): Float32Array => {
  const random = seeded(seed);
  return Float32Array.from({ length }, () => random() - 0.5);
};
const tone = (hz: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / 16000));

const shapes: Record<string, Partial<LogMelOptions>> = {
  matpac: logMelPresets.matpac,
  m2d: logMelPresets.m2d,
  'short window': { windowLength: 300, fftSize: 512 },
  'odd length': { windowLength: 401, fftSize: 405, hopLength: 200, center: true },
};

describe.each(frontEnds)('createLogMel (%s)', (_, { createLogMel, kernel }) => {
  for (const [name, shape] of Object.entries(shapes)) {
    it(`is the definition (${name})`, () => {
      const options = { ...logMelPresets.matpac, ...shape };
      const waveform = noise(1500, 1);
      const { data, bins, frames } = createLogMel(shape)(waveform);
      const by = options.center ? Math.floor(options.fftSize / 2) : 0;
      const n = waveform.length;
      expect(bins).toBe(80);
      expect(frames).toBe(1 + Math.floor((n + 2 * by - options.fftSize) / options.hopLength));
      const signal = (i: number): number => {
        const at = Math.abs(i - by); // mirrored at sample 0
        return waveform[at < n ? at : 2 * (n - 1) - at]!; // and at the last
      };
      for (const frame of [0, 1, frames - 1]) {
        for (const bin of [0, 17, 79]) {
          // float32 leaves 2^-24 of a value below 16, and the kernel, which computes in it, a little more
          expect(Math.abs(data[bin * frames + frame]! - oracle(signal, bin, frame, options))).toBeLessThan(
            kernel ? 1e-5 : 1e-6,
          );
        }
      }
    });
  }

  it('counts frames as the authors do', () => {
    const logMel = createLogMel();
    for (const [samples, frames] of [
      [400, 1],
      [559, 1],
      [560, 2],
      [96000, 598],
      [97520, 608],
    ] as const)
      // prettier-ignore
      expect(logMel(new Float32Array(samples)).frames).toBe(frames);
    expect(createLogMel(logMelPresets.m2d)(new Float32Array(96000)).frames).toBe(601);
  });

  it('gives ln(2^-23) for silence', () => {
    const { data } = createLogMel()(new Float32Array(4000));
    expect(new Set(data)).toEqual(new Set([Math.fround(Math.log(2 ** -23))]));
  });

  it('peaks in the filter that holds the tone', () => {
    const filters = melFilterBank(logMelPresets.matpac);
    for (const hz of [200, 440, 1000, 2960, 6000]) {
      const { data, frames } = createLogMel()(tone(hz, 8000));
      const spectrum = Array.from({ length: 80 }, (_, bin) => data[bin * frames + 20]!);
      const peak = spectrum.indexOf(Math.max(...spectrum));
      const weights = filters.map((filter) => filter[hz / 40]!);
      expect(weights[peak], `${hz} Hz`).toBeGreaterThan(0.5 * Math.max(...weights));
    }
  });

  it('adds 2 ln 2 when the amplitude doubles', () => {
    const waveform = noise(4000, 2);
    const quiet = createLogMel()(waveform);
    const loud = createLogMel()(waveform.map((sample) => 2 * sample));
    // The offset 2^-23 in the logarithm is below 1e-5 of this noise's mel power.
    expectCloseArrays(loud.data, quiet.data.map((value) => value + 2 * Math.log(2)), { absolute: 1e-4 }); // prettier-ignore
  });

  it('gives the same frames whatever stands before them', () => {
    const waveform = noise(4000, 3);
    const whole = createLogMel()(waveform);
    const later = createLogMel()(waveform.subarray(160)); // frames now pair up otherwise
    for (let bin = 0; bin < 80; bin++) {
      const row = whole.data.subarray(bin * whole.frames + 1, (bin + 1) * whole.frames);
      expectCloseArrays(later.data.subarray(bin * later.frames, (bin + 1) * later.frames), row, {
        absolute: kernel ? 1e-4 : 1e-6,
      }); // single precision is not exact to 1e-7 of the power
    }
  });

  it('leaves the waveform as it is', () => {
    const waveform = noise(1000, 4);
    const before = waveform.slice();
    createLogMel()(waveform);
    expect(waveform).toEqual(before);
  });

  it('refuses waveforms that are too short or not finite', () => {
    expect(() => createLogMel()(new Float32Array(399))).toThrow('expected at least 400 samples, got 399');
    expect(() => createLogMel()(new Float32Array(0))).toThrow('got 0');
    expect(() => createLogMel({ center: true })(new Float32Array(200))).toThrow('expected at least 201 samples');
    expect(createLogMel({ center: true })(new Float32Array(201)).frames).toBe(2);
    expect(() => createLogMel()(new Float32Array(500).fill(NaN, 7))).toThrow('got NaN at sample 7');
    expect(() => createLogMel()(new Float32Array(500).fill(-Infinity, 9))).toThrow('got -Infinity at sample 9');
  });

  it('refuses options that are unknown or out of range', () => {
    expect(() => createLogMel({ nMels: 80 } as Partial<LogMelOptions>)).toThrow('got "nMels"');
    expect(() => createLogMel({ hopLength: 0 })).toThrow('hopLength');
    expect(() => createLogMel({ fftSize: 400.5 })).toThrow('fftSize');
    expect(() => createLogMel({ windowLength: 512 })).toThrow('at most fftSize (400), got 512');
    expect(() => createLogMel({ logOffset: 0 })).toThrow('logOffset');
    expect(() => createLogMel({ center: 'yes' as unknown as boolean })).toThrow('center');
    expect(() => createLogMel({ sampleRate: 8000 })).toThrow('maxFrequency');
  });
});
