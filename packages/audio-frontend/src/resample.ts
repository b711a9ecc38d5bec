import { findResampler } from './find-resampler.js';
import { rateRatio, resampledLength } from './rate-ratio.js';
import { requireFinite } from './require-finite.js';

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
  const ratio = rateRatio('resample', from, to);
  if (from === to) {
    requireFinite('resample', samples);
    return samples.slice();
  }
  const result = new Float32Array(resampledLength(samples.length, ratio));
  findResampler(ratio).run(samples, 0, result, 0);
  return result;
}
