import type { Row } from './row.js';

/** A measured row: milliseconds of one run, and the most memory of its process. */
export interface Result extends Row {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly peakRssMb: number;
}

/** Median and spread of a row's samples. */
export function summarize(row: Row, ms: readonly number[], peakRssMb: number): Result {
  const sorted = [...ms].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  const rounded = (value: number): number => Number(value.toPrecision(4));
  return {
    ...row,
    medianMs: rounded(median),
    minMs: rounded(sorted[0]!),
    maxMs: rounded(sorted.at(-1)!),
    peakRssMb: Math.round(peakRssMb),
  };
}

/** What others are compared with: the best of ours. */
const OURS = ['compiled', 'ours', 'loader and step'];

/** The rows of one group as text, with the ratio of ours to each. */
export function table(rows: readonly Result[]): string {
  const { benchmark, size, batch, precision, frames, sampleRate, format, goal } = rows[0]!;
  const ours = rows.find(({ implementation }) => OURS.includes(implementation))!;
  const input = sampleRate ? `${sampleRate} Hz${format ? `, ${format}` : ''}` : `${frames} frames`;
  const title = `\n${benchmark}, ${size}, batch ${batch}, ${input}, ${precision}`;
  const line = (row: Result): string =>
    [
      `  ${row.implementation.padEnd(24)}`,
      `${row.medianMs} ms`.padStart(11),
      `(${row.minMs} to ${row.maxMs})`.padStart(20),
      `${row.peakRssMb} MB`.padStart(9),
      row === ours
        ? ''
        : `   ours / this: time ${ratio(ours.medianMs, row.medianMs)}${goal ? ` (goal: ${goal} at most)` : ''}, memory ${ratio(ours.peakRssMb, row.peakRssMb)}`,
    ].join('');
  return [title, ...rows.map(line)].join('\n');
}

const ratio = (a: number, b: number): string => (a / b).toFixed(2);
