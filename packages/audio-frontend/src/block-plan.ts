import type { RateRatio } from './rate-ratio.js';
import { crossingsPerSample, WIDTH, windowedSinc } from './sinc-kernel.js';

/** Frequency, in cycles per zero crossing, from which on the filter lets through less than 1e-7; its cut-off is at 0.5. */
const STOP = 0.6;
/** Samples of the windowed sinc per zero crossing, from which its spectrum is computed. */
const OVERSAMPLING = 4;

/** How a resampler cuts a sound into blocks; a unit is `old` inputs, which become `new` outputs. */
export interface BlockPlan {
  /** Units on either side of a block that its ends spoil. */
  readonly guard: number;
  /** Units from one block to the next. */
  readonly step: number;
  /** Samples of a block. */
  readonly inputs: number;
  readonly outputs: number;
  /** The spectrum of the filter, at 0, 1, ... cycles per block, over `inputs`. */
  readonly response: Float64Array;
}

/** Blocks so long that little of them is spoilt. */
export function planBlocks(ratio: RateRatio): BlockPlan {
  const crossings = crossingsPerSample(ratio);
  const guard = Math.ceil(WIDTH / crossings / ratio.old);
  const units = 2 ** Math.ceil(Math.log2(12 * guard));
  const [inputs, outputs] = [units * ratio.old, units * ratio.new];
  return { guard, step: units - 2 * guard, inputs, outputs, response: filterResponse(crossings, inputs) };
}

/** The spectrum of the filter over the length of a period, at k cycles a period, for k = 0, 1, ... up to {@link STOP}. */
function filterResponse(crossings: number, period: number): Float64Array {
  const taps = Float64Array.from({ length: WIDTH * OVERSAMPLING }, (_, i) => windowedSinc(i / OVERSAMPLING));
  return Float64Array.from({ length: Math.ceil(STOP * crossings * period) }, (_, k) => {
    const angle = (2 * Math.PI * k) / (crossings * period * OVERSAMPLING);
    let sum = taps[0]!;
    for (let i = 1; i < taps.length; i++) sum += 2 * taps[i]! * Math.cos(angle * i);
    return sum / OVERSAMPLING / period;
  });
}
