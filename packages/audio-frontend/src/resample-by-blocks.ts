import { planBlocks } from './block-plan.js';
import { createFft } from './fft.js';
import type { RateRatio } from './rate-ratio.js';
import { requireFinite } from './require-finite.js';
import type { Resampler } from './resampler.js';

/** Transforms at a time; each takes two blocks of sound, as real and imaginary part. */
const BATCH = 2;

/**
 * Prepares a resampler that filters in the frequency domain, for ratios of products of small primes. It computes what the
 * sum over the filter's taps computes, for long filters many times faster.
 *
 * A block of `units * old` samples x, seen as one period, becomes `units * new` samples
 * y[j] = 1 / n_old * sum over whole k of X[k mod n_old] H(k / n_old) e^(2 pi i k j / n_new), where H is the spectrum of the
 * filter (overlap-save: A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, section 8.7). What the filter
 * reaches across the ends of a block is left out, so blocks overlap by that much.
 */
export function createBlockResampler(ratio: RateRatio): Resampler {
  const { guard, step, inputs, outputs, response } = planBlocks(ratio);
  const forward = createFft(inputs, BATCH);
  const back = createFft(outputs, BATCH);
  const [re, im] = [new Float64Array(inputs * BATCH), new Float64Array(inputs * BATCH)];
  const [outRe, outIm] = [new Float64Array(outputs * BATCH), new Float64Array(outputs * BATCH)];

  return {
    grain: 2 * step * ratio.new, // the two blocks of a transform
    bytes: 16 * BATCH * (2 * inputs + 2 * outputs),
    inputs: (first, end) => ({
      start: (first / ratio.new - guard) * ratio.old,
      end: (end / ratio.new + guard) * ratio.old,
    }),
    run(samples, start, result, first) {
      requireFinite('resample', samples, start);
      /** Puts the block whose kept part starts at unit `unit` into a lane. */
      const load = (unit: number, into: Float64Array, lane: number): void => {
        const from = (unit - guard) * ratio.old - start;
        for (let i = 0; i < inputs; i++) into[i * BATCH + lane] = samples[from + i] ?? 0;
      };
      const store = (unit: number, from: Float64Array, lane: number): void => {
        const to = unit * ratio.new - first;
        const count = Math.min(step * ratio.new, result.length - to);
        for (let i = 0; i < count; i++) result[to + i] = from[(guard * ratio.new + i) * BATCH + lane]!;
      };
      for (let unit = first / ratio.new; unit * ratio.new < first + result.length; unit += 2 * BATCH * step) {
        for (let lane = 0; lane < BATCH; lane++) {
          load(unit + 2 * lane * step, re, lane);
          load(unit + (2 * lane + 1) * step, im, lane);
        }
        const [xr, xi] = forward(re, im);
        outRe.fill(0);
        outIm.fill(0);
        for (let k = 1 - response.length; k < response.length; k++) {
          const gain = response[Math.abs(k)]!;
          const from = modulo(k, inputs) * BATCH;
          const to = modulo(k, outputs) * BATCH;
          for (let lane = 0; lane < BATCH; lane++) {
            outRe[to + lane]! += gain * xr[from + lane]!;
            outIm[to + lane]! += gain * xi[from + lane]!;
          }
        }
        const [yi, yr] = back(outIm, outRe); // real and imaginary part exchanged: the inverse transform
        for (let lane = 0; lane < BATCH; lane++) {
          store(unit + 2 * lane * step, yr, lane);
          store(unit + (2 * lane + 1) * step, yi, lane);
        }
      }
    },
  };
}

/** The remainder from 0 to n - 1, of negative numbers too. */
function modulo(k: number, n: number): number {
  return ((k % n) + n) % n;
}
