/** A mean with its interval, all in [0, 1]; the bounds are null where there is none, as over a single seed. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Writes a share as a percentage with one decimal.
 *
 * @param share in [0, 1]
 * @example
 * percent(0.5432); // '54.3 %'
 */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * Writes a share as a percentage with its interval, cut to what a share can be.
 *
 * @example
 * percentWithInterval({ mean: 0.98, low: 0.914, high: 1.046 }); // '98.0 % (91.4 to 100.0)'
 */
export function percentWithInterval({ mean, low, high }: MeanInterval): string {
  return low === null || high === null ? percent(mean) : `${percent(mean)} (${shareRange(low, high)})`;
}

/**
 * Cuts a bound of an interval to what a share can be: Student's interval does not know of 0 and 1.
 *
 * @example
 * bound(1.046); // 1
 */
export function bound(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** Writes an interval of shares in percent, such as `91.4 to 100.0`, cut to what a share can be. */
export function shareRange(low: number, high: number): string {
  const inPercent = (share: number): string => (100 * bound(share)).toFixed(1);
  return `${inPercent(low)} to ${inPercent(high)}`;
}

/** Writes a difference of shares in points without a plus sign. */
export function points(share: number): string {
  return (100 * share).toFixed(1).replace('-', '−');
}

/**
 * Writes a difference of shares in points, with its sign.
 *
 * @param share in [-1, 1]
 * @example
 * signedPoints(0.041); // '+4.1'
 */
export function signedPoints(share: number): string {
  const value = (100 * share).toFixed(1);
  return Number(value) < 0 ? value.replace('-', '−') : `+${value.replace('-', '')}`;
}

/** Writes an interval of differences in points, such as `−1.0 to +2.5`. */
export function pointsRange(low: number, high: number): string {
  return `${signedPoints(low)} to ${signedPoints(high)}`;
}

/**
 * Writes seconds in words.
 *
 * @param seconds 0 or more
 * @example
 * duration(125); // '2 min 5 s'
 */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  const whole = Math.round(seconds);
  if (whole < 6000) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
