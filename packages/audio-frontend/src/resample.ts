import { requireFinite } from './require-finite.js';

/** Zero crossings of the sinc on either side. */
const WIDTH = 64;
/** The cut-off as a share of the lower of the two Nyquist frequencies. */
const ROLLOFF = 0.9475937167399596;
/** Shape of the Kaiser window. */
const BETA = 14.769656459379492;
/** Rate pairs whose kernels are kept; a folder of recordings has few, and odd pairs have large kernels. */
const KEPT_KERNELS = 8;

/** One filter per output phase: output p + new * j is the sum of taps[p * length + k] * input[starts[p] + k + old * j]. */
interface Kernel {
  /** The two rates over their greatest common divisor. */
  readonly old: number;
  readonly new: number;
  readonly taps: Float64Array;
  readonly length: number;
  /** Ascending; negative where the filter reaches back before the first sample of the input, which is zero there. */
  readonly starts: Int32Array;
}

const kernels = new Map<string, Kernel>();

/**
 * Resamples `samples` from the rate `from` to the rate `to`, both whole numbers of Hz, to ceil(length * to / from) samples.
 *
 * A windowed sinc (J. O. Smith, Digital Audio Resampling Home Page; Kaiser window) with the constants of resampy's
 * `kaiser_best`, that is torchaudio's `sinc_interp_kaiser` with lowpass_filter_width 64, rolloff 0.9475937167399596 and
 * beta 14.769656459379492, which MATPAC's authors use. The kernel of a pair of rates is computed once. Equal rates give a copy.
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
  const kernel = findKernel(from, to);
  const { old, taps, length, starts } = kernel;
  const result = new Float32Array(Math.ceil((samples.length * kernel.new) / old));

  // Zeros on either side, and in double precision, so that the inner loop neither branches nor converts.
  const before = -starts[0]!;
  const steps = Math.ceil(result.length / kernel.new) + 3; // a block of four may reach past the last output
  const padded = new Float64Array(before + starts[kernel.new - 1]! + steps * old + length);
  padded.set(samples, before);

  for (let phase = 0; phase < kernel.new; phase++) {
    const tap = phase * length;
    // Four outputs of the phase at a time share each tap that is loaded.
    for (let out = phase, at = before + starts[phase]!; out < result.length; out += 4 * kernel.new, at += 4 * old) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < length; k++) {
        const weight = taps[tap + k]!;
        a += weight * padded[at + k]!;
        b += weight * padded[at + k + old]!;
        c += weight * padded[at + k + 2 * old]!;
        d += weight * padded[at + k + 3 * old]!;
      }
      result[out] = a; // an index past the end is ignored by a typed array
      result[out + kernel.new] = b;
      result[out + 2 * kernel.new] = c;
      result[out + 3 * kernel.new] = d;
    }
  }
  return result;
}

function findKernel(from: number, to: number): Kernel {
  const key = `${from}:${to}`;
  let kernel = kernels.get(key);
  if (!kernel) {
    kernel = createKernel(from, to);
    const [oldest] = kernels.keys();
    if (oldest !== undefined && kernels.size >= KEPT_KERNELS) kernels.delete(oldest);
    kernels.set(key, kernel);
  }
  return kernel;
}

function createKernel(from: number, to: number): Kernel {
  const divisor = greatestCommonDivisor(from, to);
  const [old, rate] = [from / divisor, to / divisor];
  const cutoff = Math.min(old, rate) * ROLLOFF;
  const reach = (WIDTH * old) / cutoff; // in input samples
  const length = Math.floor(2 * reach) + 1;
  const starts = Int32Array.from({ length: rate }, (_, phase) => Math.ceil((old * phase) / rate - reach));
  const taps = new Float64Array(rate * length);
  const peak = besselI0(BETA);
  for (let phase = 0; phase < rate; phase++) {
    for (let k = 0; k < length; k++) {
      const t = ((starts[phase]! + k) / old - phase / rate) * cutoff; // in zero crossings
      if (Math.abs(t) >= WIDTH) continue;
      const window = besselI0(BETA * Math.sqrt(1 - (t / WIDTH) ** 2)) / peak;
      const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
      taps[phase * length + k] = (sinc * window * cutoff) / old;
    }
  }
  return { old, new: rate, taps, length, starts };
}

/** The modified Bessel function of the first kind and order 0, sum over k of ((x / 2)^k / k!)^2. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
