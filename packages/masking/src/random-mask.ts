import { checkBatch, checkGrid, checkRatio } from './checks.js';
import { visibleTokens } from './count-visible.js';
import type { MaskStrategy } from './mask.js';
import { drawNext, range } from './shuffle.js';

/**
 * Options of `randomMask`.
 *
 * @example
 * const options: RandomMaskOptions = { ratio: 0.7 };
 */
export interface RandomMaskOptions {
  /** Share of masked tokens, in (0, 1); MATPAC, M2D and MAE for audio use 0.6 to 0.8. */
  readonly ratio: number;
}

/**
 * Masks single tokens at random, each clip by a shuffle of its own: the first `countVisible` tokens of the shuffle
 * are visible, the rest masked, so the counts are exact, every token stands in one of the two, and each is masked with
 * the same probability M / N.
 *
 * Both lists keep the order of the shuffle, as the authors' argsort of uniform noise does: a uniform permutation either
 * way, here drawn by Fisher-Yates without a sort.
 *
 * Source: MATPAC (arXiv 2502.12031) section 2.1; MAE (arXiv 2111.06377) section 3.
 *
 * @throws RangeError if the ratio is outside (0, 1); when called, if no token would be visible or none masked
 *
 * @example
 * const mask = randomMask({ ratio: 0.7 })({ freq: 5, time: 38 }, 64, Math.random); // (64, 57) and (64, 133)
 */
export function randomMask({ ratio }: RandomMaskOptions): MaskStrategy {
  checkRatio('randomMask', ratio);
  return (grid, batch, random) => {
    checkGrid('randomMask', grid);
    checkBatch('randomMask', batch);
    const tokens = grid.freq * grid.time;
    const seen = visibleTokens('randomMask', tokens, ratio);
    const hidden = tokens - seen;
    const visible = new Int32Array(batch * seen); // (B, V)
    const masked = new Int32Array(batch * hidden); // (B, M)
    const order = range(tokens);
    for (let clip = 0; clip < batch; clip++) {
      for (let i = 0; i < tokens; i++) drawNext(order, i, random);
      visible.set(order.subarray(0, seen), clip * seen);
      masked.set(order.subarray(seen), clip * hidden);
    }
    return { visible, masked, batch };
  };
}
