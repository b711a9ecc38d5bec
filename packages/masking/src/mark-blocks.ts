import type { Grid, Random } from './mask.js';
import { drawNext } from './shuffle.js';

/**
 * Writes `mark` on exactly `count` tokens: blocks at random places of the torus, one after the other, the last one cut
 * short column by column. What was drawn is carried by `corners`, a permutation of all tokens that may be used again.
 *
 * Why a torus: a block that leaves the grid enters at the opposite side, so no place is special, the distribution of the
 * mask does not change when the grid is rotated, and every token is marked with probability exactly count / N. Blocks kept
 * inside the grid reach the borders less often.
 * Why corners without replacement: a corner drawn again would mark nothing new, so leaving it out changes no mask, and the
 * loop ends after at most N blocks whatever `random` returns.
 */
export function markBlocks(
  marks: Uint8Array,
  mark: number,
  grid: Grid,
  block: Grid,
  count: number,
  corners: Int32Array,
  random: Random,
): void {
  let left = count;
  for (let i = 0; left > 0; i++) {
    const corner = drawNext(corners, i, random);
    const firstRow = Math.floor(corner / grid.time);
    const firstColumn = corner % grid.time;
    for (let t = 0; t < block.time; t++) {
      const column = (firstColumn + t) % grid.time;
      for (let f = 0; f < block.freq && left > 0; f++) {
        const token = ((firstRow + f) % grid.freq) * grid.time + column;
        if (marks[token] === mark) continue;
        marks[token] = mark;
        left--;
      }
    }
  }
}
