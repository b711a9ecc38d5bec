import type { Converted } from '@audio-ssl/experiment';

type Outcome = Converted['rows'][number]['what'];

/**
 * A conversion as a table for a terminal: what was mapped, computed, is missing or left over. The blocks of a stack share
 * a line.
 */
export function conversionTable({ family, names, rows }: Converted): string {
  const lines = new Map<string, { cells: string[]; count: number }>();
  for (const { from, to, shape, what } of rows) {
    const cells = [from ?? '', to ?? '', `[${shape.join(', ')}]`, what].map((cell) => cell.replace(/\.\d+\./g, '.*.'));
    const line = lines.get(cells.join('\0'));
    if (line) line.count++;
    else lines.set(cells.join('\0'), { cells, count: 1 });
  }
  const table = [
    ['in the source', 'in the result', 'shape', 'what', 'tensors'],
    ...[...lines.values()].map(({ cells, count }) => [...cells, String(count)]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const count = (...outcomes: readonly Outcome[]): number => rows.filter(({ what }) => outcomes.includes(what)).length;
  return [
    ...table.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
    `${family} under the names of ${names}: ${count('copied', 'transposed')} tensors mapped (${count('transposed')} transposed), ` +
      `${count('computed')} computed, ${count('missing')} parts missing, ${count('left over')} left over`,
  ].join('\n');
}
