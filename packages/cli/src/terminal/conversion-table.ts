import type { Converted } from '@audio-ssl/experiment';
import { table } from './table.js';

type Outcome = Converted['rows'][number]['what'];

/**
 * A conversion as a table for a terminal: what was mapped, computed, is missing or left over. The blocks of a stack share
 * a line.
 */
export function conversionTable({ family, names, rows }: Converted): string {
  const lines = new Map<string, { cells: string[]; count: number }>();
  for (const { from, to, shape, what } of rows) {
    const row = [from ?? '', to ?? '', `[${shape.join(', ')}]`, what].map((cell) => cell.replace(/\.\d+\./g, '.*.'));
    const line = lines.get(row.join('\0'));
    if (line) line.count++;
    else lines.set(row.join('\0'), { cells: row, count: 1 });
  }
  const cells = [
    ['in the source', 'in the result', 'shape', 'what', 'tensors'],
    ...[...lines.values()].map(({ cells: row, count }) => [...row, String(count)]),
  ];
  const count = (...outcomes: readonly Outcome[]): number => rows.filter(({ what }) => outcomes.includes(what)).length;
  return [
    ...table(cells),
    `${family} under the names of ${names}: ${count('copied', 'transposed')} tensors mapped (${count('transposed')} transposed), ` +
      `${count('computed')} computed, ${count('missing')} parts missing, ${count('left over')} left over`,
  ].join('\n');
}
