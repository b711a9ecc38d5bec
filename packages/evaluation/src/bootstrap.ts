import { checkLength, rowsByGroup, type Groups } from './features.js';
import { seededRandom } from './seeded-random.js';

/** Options of {@link bootstrapInterval} and {@link pairedBootstrap}. */
export interface BootstrapOptions {
  /** Group of each clip: whole groups are drawn, because clips of one group are not independent. Default: single clips. */
  readonly groups?: Groups;
  /** Number of resamples. Default 2000. */
  readonly resamples?: number;
  /** Confidence level in (0, 1). Default 0.95. */
  readonly level?: number;
  /** Seed of the draws. Default 0. */
  readonly seed?: number;
}

/** A mean with its confidence interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean of one value per clip (1 for a right prediction, 0 for a wrong one) with a percentile bootstrap interval.
 *
 * With `groups`, whole groups are drawn with replacement and the mean is taken over all clips drawn (cluster bootstrap).
 *
 * @throws Error for no values, NaN, or options out of range.
 * @see B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3 (percentile interval)
 * @example
 * bootstrapInterval([1, 1, 0, 1]); // { mean: 0.75, low: 0.25, high: 1 }
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  return interval('bootstrapInterval', values, options);
}

/**
 * The gain of `after` over `before` on the same clips, with the interval of the difference.
 *
 * Both take one value per clip in the same order; the same clips (or groups) are drawn for both, so that what makes a
 * clip hard for either cancels out.
 *
 * @throws Error as {@link bootstrapInterval}, and for arrays of different length.
 * @example
 * pairedBootstrap(pretrained.correct, randomStart.correct); // { mean: 0.12, low: 0.09, high: 0.15 }
 */
export function pairedBootstrap(
  after: ArrayLike<number>,
  before: ArrayLike<number>,
  options: BootstrapOptions = {},
): Interval {
  checkLength('pairedBootstrap', 'before', before, after.length);
  const gains = Float64Array.from(after, (value, i) => value - before[i]!);
  return interval('pairedBootstrap', gains, options);
}

function interval(caller: string, values: ArrayLike<number>, options: BootstrapOptions): Interval {
  const { groups, resamples = 2000, level = 0.95, seed = 0 } = options;
  if (values.length === 0) throw new Error(`${caller}: expected at least one value, got none`);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new Error(`${caller}: the value of row ${i} is ${values[i]}`);
  }
  if (!(Number.isSafeInteger(resamples) && resamples > 0)) {
    throw new Error(`${caller}: expected resamples to be a whole number above 0, got ${resamples}`);
  }
  if (!(level > 0 && level < 1)) throw new Error(`${caller}: expected level between 0 and 1, got ${level}`);
  if (groups) checkLength(caller, 'groups', groups, values.length);

  const rows = groups ? rowsByGroup(groups) : Array.from({ length: values.length }, (_, i) => Int32Array.of(i));
  const sums = rows.map((group) => group.reduce((sum, row) => sum + values[row]!, 0));
  const mean = sums.reduce((a, b) => a + b, 0) / values.length;
  const random = seededRandom(seed);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < rows.length; i++) {
      const drawn = Math.floor(random() * rows.length);
      sum += sums[drawn]!;
      count += rows[drawn]!.length;
    }
    means[r] = sum / count;
  }
  means.sort();
  return { mean, low: quantile(means, (1 - level) / 2), high: quantile(means, (1 + level) / 2) };
}

/** Linear interpolation between order statistics (NumPy's default). */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
