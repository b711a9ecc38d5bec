import { checkBatch, checkGrid, gridText } from './checks.js';
import type { Grid, Mask } from './mask.js';

/**
 * Checks a mask that was read, recorded or made by hand: the lists hold the same number of tokens for each clip and at
 * least one, every index lies in the grid, and no token stands twice in a clip. Tokens in neither list are allowed, as
 * {@link multiBlockMask} leaves some out. The strategies of this package need no check.
 *
 * @throws RangeError that names the list, the clip and the index
 *
 * @example
 * const mask = { visible: Int32Array.of(0, 3), masked: Int32Array.of(1, 2, 1, 2), batch: 2 };
 * validateMask(mask, { freq: 2, time: 2 }); // each clip has 1 visible and 2 masked tokens; token 3 or 0 is left out
 */
export function validateMask(mask: Mask, grid: Grid): void {
  const name = 'validateMask';
  checkGrid(name, grid);
  checkBatch(name, mask.batch);
  const tokens = grid.freq * grid.time;
  const seenIn = new Int32Array(tokens); // the clip, counted from 1, in which a token stood last
  for (const list of ['visible', 'masked'] as const) {
    const { length } = mask[list];
    if (length === 0 || length % mask.batch !== 0)
      throw new RangeError(
        `${name}: expected the same number of ${list} tokens, at least 1, for each of ${mask.batch} clips, got ${length} in all; is the batch right?`,
      );
  }
  for (let clip = 0; clip < mask.batch; clip++) {
    for (const list of ['visible', 'masked'] as const) {
      const count = mask[list].length / mask.batch;
      for (const token of mask[list].subarray(clip * count, (clip + 1) * count)) {
        if (token < 0 || token >= tokens)
          throw new RangeError(
            `${name}: ${list} index ${token} of clip ${clip} is outside 0..${tokens - 1} (grid ${gridText(grid)}); was the mask made for another grid?`,
          );
        if (seenIn[token] === clip + 1)
          throw new RangeError(
            `${name}: expected each token once, got ${list} index ${token} of clip ${clip} again; a token is visible or masked, not both`,
          );
        seenIn[token] = clip + 1;
      }
    }
  }
}
