import { requireFinite } from './require-finite.js';
import { createBlockResampler } from './resample-by-blocks.js';
import { createTapResampler } from './resample-by-taps.js';
import { rateRatio, type RateRatio, type Resampler } from './sinc-kernel.js';

/** Rate pairs whose tables are kept; a folder of recordings has few, and odd pairs have large tables. */
const KEPT = 8;

const resamplers = new Map<string, Resampler>();

/**
 * Resamples `samples` from the rate `from` to the rate `to`, both whole numbers of Hz, to ceil(length * to / from) samples.
 *
 * A windowed sinc (J. O. Smith, Digital Audio Resampling Home Page; Kaiser window) with the constants of resampy's
 * `kaiser_best`, that is torchaudio's `sinc_interp_kaiser` with lowpass_filter_width 64, rolloff 0.9475937167399596 and
 * beta 14.769656459379492, which MATPAC's authors use. The tables of a pair of rates are computed once. Equal rates give a copy.
 *
 * @throws When a rate is not a whole number above 0, or when a sample is NaN or infinite.
 * @example
 * const at16k = resample(mixToMono(audio), audio.sampleRate, 16000);
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  for (const rate of [from, to]) {
    if (!Number.isInteger(rate) || rate < 1) {
      throw new RangeError(`resample: expected rates in Hz that are whole numbers above 0, got ${from} and ${to}`);
    }
  }
  requireFinite('resample', samples);
  if (from === to) return samples.slice();
  const ratio = rateRatio(from, to);
  const result = new Float32Array(Math.ceil((samples.length * ratio.new) / ratio.old));
  findResampler(ratio)(samples, result);
  return result;
}

function findResampler(ratio: RateRatio): Resampler {
  const key = `${ratio.old}:${ratio.new}`;
  let resampler = resamplers.get(key);
  if (!resampler) {
    // Transforms of the lengths that the usual rates need are fast; those of a large prime are not.
    resampler = (hasFastTransform(ratio) ? createBlockResampler : createTapResampler)(ratio);
    const [oldest] = resamplers.keys();
    if (oldest !== undefined && resamplers.size >= KEPT) resamplers.delete(oldest);
    resamplers.set(key, resampler);
  }
  return resampler;
}

/** Whether both numbers are small products of 2, 3, 5 and 7, as for all pairs of 8, 11.025, 16, 22.05, 44.1, 48, 96 kHz. */
function hasFastTransform(ratio: RateRatio): boolean {
  return [ratio.old, ratio.new].every((n) => {
    let rest = n;
    for (const prime of [2, 3, 5, 7]) while (rest % prime === 0) rest /= prime;
    return rest === 1 && n <= 1024;
  });
}
