import type { Grid } from './mask.js';

/** What every strategy refuses before it draws. `name` is the function that the user called. */
export function checkRatio(name: string, ratio: number): void {
  if (!(ratio > 0 && ratio < 1))
    throw new RangeError(
      `${name}: expected a ratio between 0 and 1, both excluded, got ${ratio}; it is the share of masked tokens, 0.7 in MATPAC`,
    );
}

export function checkGrid(name: string, grid: Grid): void {
  if (!isCount(grid.freq) || !isCount(grid.time))
    throw new RangeError(
      `${name}: expected a grid of at least one row and one column, got ${gridText(grid)}; give { freq, time } in patches, not in bins and frames`,
    );
}

export function checkBatch(name: string, batch: number): void {
  if (!isCount(batch))
    throw new RangeError(`${name}: expected a batch of at least one clip, got ${batch}; give a whole number`);
}

/** Refuses a split that leaves one side empty: a mask with no tokens would train on nothing without a word. */
export function checkSplit(name: string, unit: string, total: number, visible: number, ratio: number): void {
  if (visible < 1 || visible >= total)
    throw new RangeError(
      `${name}: expected at least one visible and one masked ${unit}, got ${visible} visible of ${total} at ratio ${ratio}; ` +
        (visible < 1 ? 'lower the ratio or use longer clips' : 'raise the ratio or use longer clips'),
    );
}

export function gridText({ freq, time }: Grid): string {
  return `${freq}x${time}`;
}

export function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
