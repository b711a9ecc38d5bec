import { blocks, type BlockMaskOptions } from './block-mask.js';
import { VISIBLE } from './marks.js';
import type { MaskStrategy } from './mask.js';

/**
 * Keeps blocks of one size visible at random places until 1 - ratio of the tokens are; everything else is masked. Blocks
 * wrap around and the last one is cut short as in `blockMask`, so the counts are those of `randomMask`, every
 * token stands in one of the lists, and each is masked with the same probability M / N. Both lists are ascending.
 *
 * Source: data2vec 2.0 (arXiv 2212.07525) section 3.2, "inverse block masking", and EAT (arXiv 2401.03497) for audio. They
 * add or drop single tokens to reach the count; here a block is cut short.
 *
 * @throws RangeError if the ratio is outside (0, 1); when called, if the block does not fit the grid, or if no token would
 * be visible or none masked
 *
 * @example
 * const eat = inverseBlockMask({ ratio: 0.8, block: [5, 5] });
 * const mask = eat({ freq: 8, time: 64 }, 12, Math.random); // (12, 102) and (12, 410)
 */
export function inverseBlockMask(options: BlockMaskOptions): MaskStrategy {
  return blocks('inverseBlockMask', options, VISIBLE);
}
