import { checkBatch, checkGrid, checkRatio, checkSplit, isCount } from './checks.js';
import { markBlocks } from './mark-blocks.js';
import { collectMarks, MASKED, VISIBLE } from './marks.js';
import type { MaskStrategy } from './mask.js';
import type { MaskOptionSpec } from './option-spec.js';
import { range } from './shuffle.js';

/**
 * Options of {@link timeMask} and {@link frequencyMask}.
 *
 * @example
 * const options: LineMaskOptions = { ratio: 0.5, span: 4 };
 */
export interface LineMaskOptions {
  /** Share of masked columns or rows, in (0, 1), rounded to whole ones. */
  readonly ratio: number;
  /** Adjacent columns or rows masked at a time, at least 1 (the default) and at most the grid's. */
  readonly span?: number;
}

/** Options of the two line strategies besides the ratio. */
export const lineOptions = {
  span: { integer: true, minimum: 1, default: 1, description: 'adjacent columns or rows masked together' },
} as const satisfies Record<string, MaskOptionSpec>;

/** Masks whole lines of the grid: spans of lines on a ring, which is the block strategy in one dimension. */
export function lines(
  name: string,
  axis: 'freq' | 'time',
  { ratio, span = lineOptions.span.default }: LineMaskOptions,
): MaskStrategy {
  const unit = axis === 'time' ? 'column' : 'row';
  checkRatio(name, ratio);
  if (!isCount(span)) throw new RangeError(`${name}: expected a span of at least 1, got ${span}; give a whole number`);
  return (grid, batch, random) => {
    checkGrid(name, grid);
    checkBatch(name, batch);
    const ring = { freq: 1, time: grid[axis] };
    const block = { freq: 1, time: span };
    if (span > ring.time)
      throw new RangeError(
        `${name}: expected a span of at most ${ring.time} ${unit}s, got ${span}; give a smaller span`,
      );
    const across = grid[axis === 'time' ? 'freq' : 'time'];
    const masked = Math.round(ring.time * ratio);
    const visible = ring.time - masked;
    checkSplit(name, unit, ring.time, visible, ratio);
    const corners = range(ring.time);
    const line = new Uint8Array(ring.time);
    return collectMarks(
      grid.freq * grid.time,
      batch,
      { visible: visible * across, masked: masked * across },
      (marks) => {
        line.fill(VISIBLE);
        markBlocks(line, MASKED, ring, block, masked, corners, random);
        for (let token = 0; token < marks.length; token++)
          marks[token] = line[axis === 'time' ? token % grid.time : Math.floor(token / grid.time)]!;
      },
    );
  };
}
