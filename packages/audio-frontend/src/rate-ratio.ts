/** Two rates over their greatest common divisor: `old` samples become `new` samples. */
export interface RateRatio {
  readonly old: number;
  readonly new: number;
}

/**
 * The smallest whole numbers in the relation of two rates in Hz.
 *
 * @throws RangeError when one of them is not a whole number above 0.
 */
export function rateRatio(caller: string, from: number, to: number): RateRatio {
  for (const rate of [from, to]) {
    if (!Number.isInteger(rate) || rate < 1) {
      throw new RangeError(`${caller}: expected rates in Hz that are whole numbers above 0, got ${from} and ${to}`);
    }
  }
  const divisor = greatestCommonDivisor(from, to);
  return { old: from / divisor, new: to / divisor };
}

/** How many samples become of `length` samples. */
export function resampledLength(length: number, ratio: RateRatio): number {
  return Math.ceil((length * ratio.new) / ratio.old);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
