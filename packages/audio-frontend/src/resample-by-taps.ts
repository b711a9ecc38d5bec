import type { RateRatio } from './rate-ratio.js';
import { requireFinite } from './require-finite.js';
import type { Resampler } from './resampler.js';
import { crossingsPerSample, WIDTH, windowedSinc } from './sinc-kernel.js';

/** Outputs that are computed at a time, at least: what they are made of is copied in double precision. */
const AT_ONCE = 2 ** 15;

/**
 * Prepares a resampler that sums over the taps of the filter, for any ratio: each of the `new` phases of the output has a
 * filter of its own, and output p + new * j is the sum over k of taps[p * length + k] * samples[starts[p] + k + old * j].
 */
export function createTapResampler(ratio: RateRatio): Resampler {
  const { old, new: rate } = ratio;
  const crossings = crossingsPerSample(ratio);
  const reach = WIDTH / crossings; // in input samples
  const length = Math.floor(2 * reach) + 1;
  // Negative where the filter reaches back before the first sample of the input, which is zero there.
  const starts = Int32Array.from({ length: rate }, (_, phase) => Math.ceil((old * phase) / rate - reach));
  const taps = new Float64Array(rate * length);
  for (let phase = 0; phase < rate; phase++) {
    for (let k = 0; k < length; k++) {
      taps[phase * length + k] = crossings * windowedSinc((starts[phase]! + k - (old * phase) / rate) * crossings);
    }
  }
  /** The first sample that an output is made of. */
  const startOf = (out: number): number => starts[out % rate]! + Math.floor(out / rate) * old;

  /** The outputs from `first` on, out of silence with `samples` from `start` on. */
  const part = (samples: Float32Array, start: number, result: Float32Array, first: number): void => {
    // Zeros on either side, and in double precision, so that the inner loop neither branches nor converts.
    const from = startOf(first);
    const end = startOf(first + result.length - 1 + 3 * rate) + length; // a block of four may reach past the last output
    const padded = new Float64Array(end - from);
    const skipped = Math.max(0, from - start);
    padded.set(samples.subarray(skipped, Math.max(skipped, end - start)), start + skipped - from);

    for (let i = 0; i < Math.min(rate, result.length); i++) {
      const tap = ((first + i) % rate) * length;
      // Four outputs of the phase at a time share each tap that is loaded.
      for (let out = i, at = startOf(first + i) - from; out < result.length; out += 4 * rate, at += 4 * old) {
        let [a, b, c, d] = [0, 0, 0, 0];
        for (let k = 0; k < length; k++) {
          const weight = taps[tap + k]!;
          a += weight * padded[at + k]!;
          b += weight * padded[at + k + old]!;
          c += weight * padded[at + k + 2 * old]!;
          d += weight * padded[at + k + 3 * old]!;
        }
        result[out] = a; // an index past the end is ignored by a typed array
        result[out + rate] = b;
        result[out + 2 * rate] = c;
        result[out + 3 * rate] = d;
      }
    }
  };

  const step = Math.max(AT_ONCE, 32 * rate);
  return {
    grain: 1,
    bytes: taps.byteLength,
    inputs: (first, end) => ({ start: startOf(first), end: startOf(end - 1) + length }),
    run(samples, start, result, first) {
      requireFinite('resample', samples, start);
      for (let done = 0; done < result.length; done += step) {
        part(samples, start, result.subarray(done, done + step), first + done);
      }
    },
  };
}
