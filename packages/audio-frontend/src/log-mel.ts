import { createFrameTransform } from './create-frame-transform.js';
import { completeLogMelOptions, type LogMelOptions } from './log-mel-options.js';
import { requireFinite } from './require-finite.js';
import type { Spectrogram } from './spectrogram.js';
import { stretch } from './stretch.js';

/**
 * Prepares a front end: a function from a mono waveform at `sampleRate` Hz to the logarithm of its mel power,
 * ln(sum_k filter[k] |X[k]|^2 + logOffset), with X the Fourier transform of a windowed frame.
 *
 * Options left out are those of `logMelPresets.matpac`. The tables are made once, so keep the function. It computes in
 * single precision by a WebAssembly kernel, as torchaudio does, or in double precision where there is none or where the
 * transform's length is no multiple of 4 made of 2, 3, 5 and 7.
 *
 * @throws When an option is unknown or out of range. The returned function throws when the waveform is too short for one
 * frame or holds NaN or an infinity.
 * @example
 * const logMel = createLogMel();
 * const { data, bins, frames } = logMel(waveform); // 80 x 498 for 5 s at 16 kHz
 */
export function createLogMel(options: Partial<LogMelOptions> = {}): (waveform: Float32Array) => Spectrogram {
  const complete = completeLogMelOptions(options);
  const { fftSize, hopLength, center, melBins: bins } = complete;
  const transform = createFrameTransform(complete);
  const half = center ? Math.floor(fftSize / 2) : 0;
  const needed = center ? half + 1 : fftSize;
  return (waveform) => {
    const { length } = waveform;
    if (length < needed) {
      throw new RangeError(
        `logMel: expected at least ${needed} samples, got ${length}; pad the waveform with zeros or leave the clip out`,
      );
    }
    const frames = 1 + Math.floor((length + 2 * half - fftSize) / hopLength);
    const data = new Float32Array(bins * frames);
    const finite = transform(stretch(waveform, 0, length, -half, length + half), frames, data);
    if (!finite) requireFinite('logMel', waveform);
    return { data, bins, frames };
  };
}
