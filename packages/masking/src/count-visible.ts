import { checkRatio, checkSplit } from './checks.js';

/**
 * How many of `tokens` stay visible at a mask ratio: floor(tokens * (1 - ratio)) in double precision, as the authors of
 * MATPAC and of MAE compute it, rounding errors included: 190 tokens at ratio 0.9 leave 18, because 1 - 0.9 is a little
 * less than 0.1. The rest, `tokens - countVisible(tokens, ratio)`, are masked.
 *
 * Source: `int(L * (1 - mask_ratio))` in MATPAC's and MAE's `random_masking` (arXiv 2111.06377).
 *
 * @param tokens - tokens of a clip, N = freq * time
 * @param ratio - share of masked tokens, in (0, 1)
 * @throws RangeError if the ratio is outside (0, 1), or if no token would be visible, or none masked
 *
 * @example
 * countVisible(190, 0.7); // 57, and 133 masked
 */
export function countVisible(tokens: number, ratio: number): number {
  return visibleTokens('countVisible', tokens, ratio);
}

/** `countVisible` with the name of the function that the user called, for the error. */
export function visibleTokens(name: string, tokens: number, ratio: number): number {
  checkRatio(name, ratio);
  const visible = Math.floor(tokens * (1 - ratio));
  checkSplit(name, 'token', tokens, visible, ratio);
  return visible;
}
