import { findKernel } from './kernel.js';
import type { RateRatio } from './rate-ratio.js';
import { createBlockResampler } from './resample-by-blocks.js';
import { createKernelResampler } from './resample-by-kernel.js';
import { createTapResampler } from './resample-by-taps.js';
import type { Resampler } from './resampler.js';

/** Rate pairs whose tables are kept, and how large those may be in all: odd pairs have large ones. */
const KEPT = { pairs: 8, bytes: 100e6 };

const resamplers = new Map<string, Resampler>();

/** The resampler of a pair of rates, from the tables that are there if possible. */
export function findResampler(ratio: RateRatio): Resampler {
  const key = `${ratio.old}:${ratio.new}`;
  let resampler = resamplers.get(key);
  if (!resampler) {
    resampler = create(ratio);
    resamplers.set(key, resampler);
    let bytes = [...resamplers.values()].reduce((sum, each) => sum + each.bytes, 0);
    for (const [name, oldest] of resamplers) {
      if (name === key || (resamplers.size <= KEPT.pairs && bytes <= KEPT.bytes)) break;
      resamplers.delete(name);
      bytes -= oldest.bytes;
    }
  }
  return resampler;
}

function create(ratio: RateRatio): Resampler {
  if (ratio.old === ratio.new) return same;
  // Transforms of the lengths that the usual rates need are fast; those of a large prime are not.
  if (!hasFastTransform(ratio)) return createTapResampler(ratio);
  const kernel = findKernel();
  return (kernel && createKernelResampler(ratio, kernel)) ?? createBlockResampler(ratio);
}

/** Equal rates: a copy. Who takes it looks for NaN himself. */
const same: Resampler = {
  grain: 1,
  bytes: 0,
  inputs: (start, end) => ({ start, end }),
  run: (samples, start, result, first) => result.set(samples.subarray(first - start, first - start + result.length)),
};

/** Whether both numbers are small products of 2, 3, 5 and 7, as for all pairs of 8, 11.025, 16, 22.05, 44.1, 48, 96 kHz. */
function hasFastTransform(ratio: RateRatio): boolean {
  return [ratio.old, ratio.new].every((n) => {
    let rest = n;
    for (const prime of [2, 3, 5, 7]) while (rest % prime === 0) rest /= prime;
    return rest === 1 && n <= 1024;
  });
}
