import { createFft } from './fft.js';
import { FRAME_GROUP, type FrameTransform } from './frame-transform.js';
import { hannWindow } from './hann-window.js';
import type { LogMelOptions } from './log-mel-options.js';
import { melFilters } from './mel-filters.js';
import { allFinite } from './require-finite.js';

/** Transforms at a time; each takes two frames, as real and imaginary part. */
const BATCH = FRAME_GROUP / 2;

/** Prepares log-mels of frames in double precision, for any options. */
export function createReferenceTransform(options: LogMelOptions): FrameTransform {
  const { windowLength, hopLength, fftSize, melBins, logOffset } = options;
  const filters = melFilters(options);
  const window = hannWindow(windowLength);
  const windowStart = Math.floor((fftSize - windowLength) / 2); // as torch.stft
  const half = Math.floor(fftSize / 2);
  const fft = createFft(fftSize, BATCH);
  const re = new Float64Array(fftSize * BATCH);
  const im = new Float64Array(fftSize * BATCH);
  const power = new Float64Array((half + 1) * FRAME_GROUP);
  const sums = new Float64Array(FRAME_GROUP);

  return (signal, frames, data) => {
    if (!allFinite(signal)) return false;
    const load = (frame: number, into: Float64Array, lane: number): void => {
      if (frame >= frames) return; // zeros stay
      const start = frame * hopLength + windowStart;
      for (let i = 0; i < windowLength; i++) into[(windowStart + i) * BATCH + lane] = window[i]! * signal[start + i]!;
    };
    for (let first = 0; first < frames; first += FRAME_GROUP) {
      re.fill(0); // a window shorter than the transform leaves zeros on either side
      im.fill(0);
      for (let lane = 0; lane < BATCH; lane++) {
        load(first + lane, re, lane);
        load(first + BATCH + lane, im, lane);
      }
      const [zr, zi] = fft(re, im);
      // Two real frames a, b share one transform Z of a + ib: A[k] = (Z[k] + conj Z[n-k]) / 2, B[k] = (Z[k] - conj Z[n-k]) / 2i.
      for (let k = 0; k <= half; k++) {
        const at = k * BATCH;
        const mirrored = k === 0 ? 0 : (fftSize - k) * BATCH;
        for (let lane = 0; lane < BATCH; lane++) {
          const ar = zr[at + lane]! + zr[mirrored + lane]!;
          const ai = zi[at + lane]! - zi[mirrored + lane]!;
          const br = zi[at + lane]! + zi[mirrored + lane]!;
          const bi = zr[at + lane]! - zr[mirrored + lane]!;
          power[2 * at + lane] = (ar * ar + ai * ai) / 4;
          power[2 * at + BATCH + lane] = (br * br + bi * bi) / 4;
        }
      }
      const count = Math.min(FRAME_GROUP, frames - first);
      for (let bin = 0; bin < melBins; bin++) {
        const { first: lowest, weights } = filters[bin]!;
        sums.fill(0);
        for (let k = 0; k < weights.length; k++) {
          const weight = weights[k]!;
          const at = (lowest + k) * FRAME_GROUP;
          for (let i = 0; i < FRAME_GROUP; i++) sums[i]! += weight * power[at + i]!;
        }
        for (let i = 0; i < count; i++) data[bin * frames + first + i] = Math.log(sums[i]! + logOffset);
      }
    }
    return true;
  };
}
