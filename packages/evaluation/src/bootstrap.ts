import { randomStream } from '@audio-ssl/params/random';
import { checkLength, rowsByGroup, type Groups } from './features.js';
import { studentQuantile } from './quantiles.js';

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

/**
 * Any metric of a set of clips with a percentile bootstrap interval. The metric is given how often each clip was drawn,
 * so what does not change, such as the order of the scores, is worked out once.
 *
 * Clips that are drawn twice flatter rankings (average precision by some points on few clips), so the percentiles are
 * moved by the bootstrap's estimate of bias, the mean of the resamples less the metric of the clips as they are. What
 * the interval covers is the metric's expectation over other sets of as many clips.
 *
 * @param rows number of clips.
 * @param metric the metric of the clips, each counted as often as its weight says.
 * @throws Error for no clips, options out of range, or a metric that is NaN for the clips as they are. A resample for
 * which it is NaN (no clip of any class drawn) is left out.
 * @see B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 10 (estimate of bias)
 * @example
 * bootstrapMetric(scores.length, (weights) => averagePrecision(scores, labels, weights));
 */
export function bootstrapMetric(
  rows: number,
  metric: (weights: Float64Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const { mean, drawn, low, high } = metricInterval('bootstrapMetric', rows, metric, options);
  const bias = drawn.reduce((sum, value) => sum + value, 0) / drawn.length - mean;
  return { mean, low: low - bias, high: high - bias };
}

function interval(caller: string, values: ArrayLike<number>, options: BootstrapOptions): Interval {
  if (values.length === 0) throw new Error(`${caller}: expected at least one value, got none`);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new Error(`${caller}: the value of row ${i} is ${values[i]}`);
  }
  const mean = (weights: Float64Array): number => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < weights.length; i++) {
      sum += weights[i]! * values[i]!;
      count += weights[i]!;
    }
    return sum / count;
  };
  const found = metricInterval(caller, values.length, mean, options);
  return { mean: found.mean, low: found.low, high: found.high };
}

function metricInterval(
  caller: string,
  count: number,
  metric: (weights: Float64Array) => number,
  { groups, resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions,
): Interval & { readonly drawn: Float64Array } {
  if (!(Number.isSafeInteger(count) && count > 0))
    throw new Error(`${caller}: expected at least one clip, got ${count}`);
  if (!(Number.isSafeInteger(resamples) && resamples > 0)) {
    throw new Error(`${caller}: expected resamples to be a whole number above 0, got ${resamples}`);
  }
  if (!(level > 0 && level < 1)) throw new Error(`${caller}: expected level between 0 and 1, got ${level}`);
  if (groups) checkLength(caller, 'groups', groups, count);

  const weights = new Float64Array(count).fill(1);
  const mean = metric(weights);
  if (Number.isNaN(mean)) throw new Error(`${caller}: the metric of these clips is NaN; is no class present?`);
  const members = groups && rowsByGroup(groups);
  const units = members?.length ?? count;
  const random = randomStream(seed, 'bootstrap');
  const drawn: number[] = [];
  for (let r = 0; r < resamples; r++) {
    weights.fill(0);
    for (let i = 0; i < units; i++) {
      const unit = Math.floor(random() * units);
      if (!members) weights[unit]!++;
      else for (const row of members[unit]!) weights[row]!++;
    }
    const value = metric(weights);
    if (!Number.isNaN(value)) drawn.push(value);
  }
  const sorted = Float64Array.from(drawn).sort();
  return { mean, low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2), drawn: sorted };
}

/**
 * The mean of a few repetitions (seeds, episodes) with the interval of Student's t distribution: mean ± t s / √n with
 * the sample standard deviation s and t the (1 + level) / 2 quantile for n - 1 degrees of freedom.
 *
 * @param values one score per repetition, 2 or more.
 * @param level confidence level in (0, 1); 0.95 by default.
 * @throws Error for fewer than two values or NaN.
 * @see Student, The probable error of a mean, Biometrika 6, 1908
 * @example
 * studentInterval([0.912, 0.918, 0.915]); // { mean: 0.915, low: 0.9075, high: 0.9225 }
 */
export function studentInterval(values: ArrayLike<number>, level = 0.95): Interval {
  const list = Array.from(values);
  if (list.length < 2 || !list.every(Number.isFinite)) {
    throw new Error(`studentInterval: expected two or more numbers, got [${list.join(', ')}]; run more seeds`);
  }
  if (!(level > 0 && level < 1)) throw new Error(`studentInterval: expected level between 0 and 1, got ${level}`);
  const n = list.length;
  const mean = list.reduce((sum, value) => sum + value, 0) / n;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile((1 + level) / 2, n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half };
}

/** Linear interpolation between order statistics (NumPy's default). */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
