import { createFft } from './fft.js';
import { hannWindow } from './hann-window.js';
import { melFilterBank, type MelFilterBankOptions } from './mel-filter-bank.js';
import { requireFinite } from './require-finite.js';
import type { Spectrogram } from './spectrogram.js';

/** What {@link createLogMel} computes; lengths are in samples. */
export interface LogMelOptions extends MelFilterBankOptions {
  /** Length of the periodic Hann window, at most `fftSize`; it stands in the middle of the frame. */
  readonly windowLength: number;
  /** Distance between the starts of two frames. */
  readonly hopLength: number;
  /**
   * `false`: the first frame starts at sample 0 and every frame lies inside the waveform, 1 + floor((n - fftSize) / hop)
   * frames. `true`: frame t is centred on sample t * hop, the waveform being mirrored at both ends.
   */
  readonly center: boolean;
  /** Added to the mel power before the natural logarithm, above 0. */
  readonly logOffset: number;
}

/** Transforms at a time, and frames, of which each transform takes two. */
const BATCH = 4;
const FRAMES = 2 * BATCH;

const matpac: LogMelOptions = {
  sampleRate: 16000,
  windowLength: 400,
  hopLength: 160,
  fftSize: 400,
  center: false,
  melBins: 80,
  minFrequency: 50,
  maxFrequency: 8000,
  logOffset: 2 ** -23,
};

/**
 * Front ends by name: `matpac`, as in the authors' code of MATPAC (arXiv 2502.12031), and `m2d`, as in that of Masked
 * Modeling Duo (arXiv 2210.14648), which centres its frames.
 */
export const logMelPresets = { matpac, m2d: { ...matpac, center: true } } as const satisfies Record<
  string,
  LogMelOptions
>;

/**
 * Prepares a front end: a function from a mono waveform at `sampleRate` Hz to the logarithm of its mel power,
 * ln(sum_k filter[k] |X[k]|^2 + logOffset), with X the Fourier transform of a windowed frame.
 *
 * Options left out are those of `logMelPresets.matpac`. The tables are made once, so keep the function.
 *
 * @throws When an option is unknown or out of range. The returned function throws when the waveform is too short for one
 * frame or holds NaN or an infinity.
 * @example
 * const logMel = createLogMel();
 * const { data, bins, frames } = logMel(waveform); // 80 x 498 for 5 s at 16 kHz
 */
export function createLogMel(options: Partial<LogMelOptions> = {}): (waveform: Float32Array) => Spectrogram {
  const complete = validate(options);
  const { windowLength, hopLength, fftSize, center, melBins, logOffset } = complete;
  const filters = melFilterBank(complete).map(trim);
  const window = hannWindow(windowLength);
  const windowStart = Math.floor((fftSize - windowLength) / 2); // as torch.stft
  const half = Math.floor(fftSize / 2);
  const fft = createFft(fftSize, BATCH);
  const re = new Float64Array(fftSize * BATCH);
  const im = new Float64Array(fftSize * BATCH);
  const power = new Float64Array((half + 1) * FRAMES);
  const sums = new Float64Array(FRAMES);

  return (waveform) => {
    requireFinite('logMel', waveform);
    const needed = center ? half + 1 : fftSize;
    if (waveform.length < needed) {
      throw new RangeError(
        `logMel: expected at least ${needed} samples, got ${waveform.length}; pad the waveform with zeros or leave the clip out`,
      );
    }
    const signal = center ? mirror(waveform, half) : waveform;
    const frames = 1 + Math.floor((signal.length - fftSize) / hopLength);
    const data = new Float32Array(melBins * frames);

    const load = (frame: number, into: Float64Array, lane: number): void => {
      if (frame >= frames) return; // past the last frame stands what was there before; nobody reads what comes of it
      const start = frame * hopLength + windowStart;
      for (let i = 0; i < windowLength; i++) into[(windowStart + i) * BATCH + lane] = window[i]! * signal[start + i]!;
    };
    for (let first = 0; first < frames; first += FRAMES) {
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
      const count = Math.min(FRAMES, frames - first);
      for (let bin = 0; bin < melBins; bin++) {
        const { first: lowest, weights } = filters[bin]!;
        sums.fill(0);
        for (let k = 0; k < weights.length; k++) {
          const weight = weights[k]!;
          const at = (lowest + k) * FRAMES;
          for (let i = 0; i < FRAMES; i++) sums[i]! += weight * power[at + i]!;
        }
        for (let i = 0; i < count; i++) data[bin * frames + first + i] = Math.log(sums[i]! + logOffset);
      }
    }
    return { data, bins: melBins, frames };
  };
}

/** The part of a filter that is not zero, and where it starts. */
function trim(filter: Float64Array): { readonly first: number; readonly weights: Float64Array } {
  const first = filter.findIndex((weight) => weight > 0);
  let end = filter.length;
  while (filter[end - 1] === 0) end--;
  return { first, weights: filter.slice(first, end) };
}

/** Puts `by` samples on either side, mirrored at the end samples, which are not repeated. */
function mirror(waveform: Float32Array, by: number): Float32Array {
  const n = waveform.length;
  const padded = new Float32Array(n + 2 * by);
  padded.set(waveform, by);
  for (let i = 1; i <= by; i++) {
    padded[by - i] = waveform[i]!;
    padded[by + n - 1 + i] = waveform[n - 1 - i]!;
  }
  return padded;
}

function validate(options: Partial<LogMelOptions>): LogMelOptions {
  const known = Object.keys(matpac);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new RangeError(
      `createLogMel: expected options among ${known.join(', ')}, got "${unknown}"; check its spelling`,
    );
  }
  const complete = { ...matpac, ...options };
  const { windowLength, hopLength, fftSize, center, logOffset } = complete;
  for (const [name, value] of Object.entries({ windowLength, hopLength, fftSize })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`createLogMel: expected ${name} to be a whole number of samples above 0, got ${value}`);
    }
  }
  if (windowLength > fftSize) {
    throw new RangeError(
      `createLogMel: expected windowLength to be at most fftSize (${fftSize}), got ${windowLength}; raise fftSize or shorten the window`,
    );
  }
  if (typeof center !== 'boolean') {
    throw new RangeError(`createLogMel: expected center to be true or false, got ${String(center)}`);
  }
  if (!(logOffset > 0 && logOffset < Infinity)) {
    throw new RangeError(`createLogMel: expected logOffset above 0, got ${logOffset}; silence would be minus infinity`);
  }
  return complete;
}
