import { checkBatch, checkGrid, checkRatio, isCount } from './checks.js';
import { visibleTokens } from './count-visible.js';
import { collectMarks, LEFT_OUT, MASKED, VISIBLE } from './marks.js';
import type { Grid, MaskStrategy, Random } from './mask.js';
import type { MaskOptionSpec } from './option-spec.js';
import { draw } from './shuffle.js';

/**
 * Options of {@link multiBlockMask}.
 *
 * @example
 * const options: MultiBlockMaskOptions = { ratio: 0.5, blocks: 4, context: 0.85 };
 */
export interface MultiBlockMaskOptions {
  /** Share of masked tokens, in (0, 1). */
  readonly ratio: number;
  /** Number of masked blocks, at least 1; 4 by default, as in I-JEPA. */
  readonly blocks?: number;
  /** Range of a block's height over its width, in tokens, drawn evenly on a log scale; [0.75, 1.5] by default, as in I-JEPA. */
  readonly aspect?: readonly [number, number];
  /** Share of the unmasked tokens that are visible, in (0, 1]; the others are left out. 1 by default: none is. */
  readonly context?: number;
}

/** Options of {@link multiBlockMask} besides the ratio. */
export const multiBlockOptions = {
  blocks: { integer: true, minimum: 1, default: 4, description: 'number of masked blocks' },
  aspect: {
    integer: false,
    length: 2,
    exclusiveMinimum: 0,
    default: [0.75, 1.5],
    description: '[least, greatest] height of a block over its width',
  },
  context: {
    integer: false,
    exclusiveMinimum: 0,
    maximum: 1,
    default: 1,
    description: 'share of the unmasked patches that the student sees',
  },
} as const satisfies Record<string, MaskOptionSpec>;

/**
 * Masks a few large blocks: `blocks` centres fall evenly on the grid and grow together, each with an aspect of its own,
 * until exactly N - `countVisible` tokens are covered. The unmasked tokens are visible; with `context` below 1 only
 * floor(context * unmasked) of them are, those nearest to one more centre, and the rest stand in neither list, as in I-JEPA,
 * where the student sees one large block less the targets. Both lists are ascending.
 *
 * Unlike I-JEPA's masker, which draws the size of a block and cuts a batch to its shortest mask, the ratio is exact, a
 * block may touch the last row and column, height and width are drawn apart, nothing is cut in reading order, and every
 * grid works. Blocks end at the border, so coverage is not even: the middle is masked more often than the corners. With
 * the default blocks and aspect, ratios from 0.3 to 0.8 and grids of 5 x 38, 5 x 62, 8 x 64 and 14 x 14, each token is masked
 * with a probability between 0.4 and 1.4 times the ratio (measured over 20 000 masks); up to ratio 0.7 each is visible
 * with one between 0.3 and 2.3 times the visible share, so the middle is context too. For even coverage use
 * `blockMask`.
 *
 * Source: I-JEPA (arXiv 2301.08243) section 3 and appendix A.1, changed as said.
 *
 * @throws RangeError if an option is outside its range; when called, if no token would be visible or none masked
 *
 * @example
 * const mask = multiBlockMask({ ratio: 0.6 })({ freq: 5, time: 38 }, 64, Math.random); // (64, 76) and (64, 114)
 */
export function multiBlockMask({
  ratio,
  blocks = multiBlockOptions.blocks.default,
  aspect = multiBlockOptions.aspect.default,
  context = multiBlockOptions.context.default,
}: MultiBlockMaskOptions): MaskStrategy {
  const name = 'multiBlockMask';
  checkRatio(name, ratio);
  if (!isCount(blocks)) throw new RangeError(`${name}: expected at least 1 block, got ${blocks}; give a whole number`);
  const [lowest, highest] = aspect;
  if (!(lowest > 0 && highest >= lowest && highest < Infinity))
    throw new RangeError(
      `${name}: expected an aspect [lowest, highest] with 0 < lowest <= highest, got [${lowest}, ${highest}]; [0.75, 1.5] is I-JEPA's`,
    );
  if (!(context > 0 && context <= 1))
    throw new RangeError(
      `${name}: expected a context above 0 and at most 1, got ${context}; it is the share of unmasked tokens that are visible`,
    );
  return (grid, batch, random) => {
    checkGrid(name, grid);
    checkBatch(name, batch);
    const tokens = grid.freq * grid.time;
    const unmasked = visibleTokens(name, tokens, ratio);
    const masked = tokens - unmasked;
    const visible = Math.floor(unmasked * context);
    if (visible < 1)
      throw new RangeError(
        `${name}: expected at least one visible token, got floor(${unmasked} * ${context}) = 0; raise the context`,
      );
    const rest = visible === unmasked ? VISIBLE : LEFT_OUT;
    const distances = new Float64Array(tokens);
    return collectMarks(tokens, batch, { visible, masked }, (marks) => {
      marks.fill(rest);
      distances.fill(Infinity);
      for (let i = 0; i < blocks; i++) {
        const height = Math.sqrt(lowest * (highest / lowest) ** draw(random));
        measure(distances, grid, { freq: height, time: 1 / height }, random);
      }
      markNearest(marks, rest, MASKED, distances, masked);
      if (rest === VISIBLE) return;
      distances.fill(Infinity);
      measure(distances, grid, grid, random); // the context block has the shape of the grid
      markNearest(marks, rest, VISIBLE, distances, visible);
    });
  };
}

/**
 * Lowers each token's distance to that from one more centre: how far a block of this shape must grow to cover the token.
 * All tokens of a column are about equally far; the last term lets the block grow from its middle outwards instead of in
 * reading order.
 */
function measure(distances: Float64Array, grid: Grid, shape: Grid, random: Random): void {
  const centreRow = draw(random) * grid.freq - 0.5;
  const centreColumn = draw(random) * grid.time - 0.5;
  let token = 0;
  for (let f = 0; f < grid.freq; f++) {
    const up = Math.abs(f - centreRow) / shape.freq;
    for (let t = 0; t < grid.time; t++, token++) {
      const along = Math.abs(t - centreColumn) / shape.time;
      const distance = Math.max(up, along) + 1e-6 * Math.min(up, along);
      if (distance < distances[token]!) distances[token] = distance;
    }
  }
}

/** Turns the `count` tokens of least distance from mark `from` into mark `to`; among equals at the border, the first ones. */
function markNearest(marks: Uint8Array, from: number, to: number, distances: Float64Array, count: number): void {
  const candidates = new Float64Array(marks.length).fill(Infinity);
  for (let token = 0; token < marks.length; token++) {
    if (marks[token] === from) candidates[token] = distances[token]!;
  }
  const reach = candidates.slice().sort()[count - 1]!;
  let left = count;
  for (let token = 0; token < marks.length; token++) {
    if (candidates[token]! >= reach) continue;
    marks[token] = to;
    left--;
  }
  for (let token = 0; left > 0; token++) {
    if (candidates[token] !== reach) continue;
    marks[token] = to;
    left--;
  }
}
