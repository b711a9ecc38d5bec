import { checkBatch, checkGrid, checkRatio, gridText, isCount } from './checks.js';
import { visibleTokens } from './count-visible.js';
import { markBlocks } from './mark-blocks.js';
import { collectMarks, MASKED, VISIBLE } from './marks.js';
import type { Grid, MaskStrategy } from './mask.js';
import type { MaskOptionSpec } from './option-spec.js';
import { range } from './shuffle.js';

/**
 * Options of `blockMask` and {@link inverseBlockMask}.
 *
 * @example
 * const options: BlockMaskOptions = { ratio: 0.7, block: [5, 5] };
 */
export interface BlockMaskOptions {
  /** Share of masked tokens, in (0, 1). */
  readonly ratio: number;
  /** [rows, columns] of a block in tokens, at most the grid's; [3, 3] by default (data2vec 2.0), EAT uses [5, 5] on 8 rows. */
  readonly block?: readonly [number, number];
}

/** Options of the two block strategies besides the ratio. The default is that of data2vec 2.0 for images. */
export const blockOptions = {
  block: {
    integer: true,
    length: 2,
    minimum: 1,
    default: [3, 3],
    description: '[rows, columns] of patches in a block',
  },
} as const satisfies Record<string, MaskOptionSpec>;

/**
 * Masks blocks of one size at random places until the ratio is reached; what no block covers stays visible. Blocks may
 * overlap, those that leave the grid come back in at the opposite side, and the last one is cut short, so the counts are
 * those of `randomMask`, every token stands in one of the lists, and each is masked with the same probability M / N.
 * Both lists are ascending.
 *
 * Source: blockwise masking of BEiT (arXiv 2106.08254) section 2.3, with one block size, an exact count and even coverage.
 *
 * @throws RangeError if the ratio is outside (0, 1); when called, if the block does not fit the grid, or if no token would
 * be visible or none masked
 *
 * @example
 * const mask = blockMask({ ratio: 0.7 })({ freq: 5, time: 38 }, 64, Math.random); // (64, 57) and (64, 133)
 */
export function blockMask(options: BlockMaskOptions): MaskStrategy {
  return blocks('blockMask', options, MASKED);
}

/** The one difference between the two block strategies is which side the blocks mark. */
export function blocks(
  name: string,
  { ratio, block: [rows, columns] = blockOptions.block.default }: BlockMaskOptions,
  marked: typeof VISIBLE | typeof MASKED,
): MaskStrategy {
  checkRatio(name, ratio);
  const block: Grid = { freq: rows, time: columns };
  return (grid, batch, random) => {
    checkGrid(name, grid);
    checkBatch(name, batch);
    if (!isCount(block.freq) || !isCount(block.time) || block.freq > grid.freq || block.time > grid.time)
      throw new RangeError(
        `${name}: expected a block between 1x1 and the grid's ${gridText(grid)}, got ${gridText(block)}; give a smaller block`,
      );
    const tokens = grid.freq * grid.time;
    const visible = visibleTokens(name, tokens, ratio);
    const masked = tokens - visible;
    const corners = range(tokens);
    return collectMarks(tokens, batch, { visible, masked }, (marks) => {
      marks.fill(marked === MASKED ? VISIBLE : MASKED);
      markBlocks(marks, marked, grid, block, marked === MASKED ? masked : visible, corners, random);
    });
  };
}
