import type { Tried } from './run-inputs.js';

/** Problems that files are refused for. */
const PROBLEMS = ['truncated', 'damaged', 'unsupported', 'not audio', 'empty', 'too large'];

/** A table by format: how many were decoded, refused for what, and what the dearest ones cost. */
export function formatTable(all: readonly Tried[]): string {
  const formats = [...new Set(all.map(({ format }) => format))].sort();
  const header = ['format', 'inputs', 'decoded', ...PROBLEMS, 'faults', 's', 'MB'];
  const row = (name: string, tried: readonly Tried[]): string[] => {
    const count = (result: string): string => `${tried.filter(({ outcome }) => outcome.result === result).length}`;
    const most = (figure: 'seconds' | 'megabytes'): number =>
      tried.reduce((top, { outcome }) => Math.max(top, outcome[figure]), 0);
    const faults = tried.filter(({ outcome }) => outcome.fault !== undefined).length;
    return [
      ...[name, `${tried.length}`, count('decoded'), ...PROBLEMS.map(count), `${faults}`],
      ...[most('seconds').toFixed(2), most('megabytes').toFixed(0)],
    ];
  };
  const rows = formats.map((name) =>
    row(
      name,
      all.filter(({ format }) => format === name),
    ),
  );
  const table = [header, ...rows, row('all', all)];
  const widths = header.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)));
  return table
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}
