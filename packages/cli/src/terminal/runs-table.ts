import type { ListedRun } from '@audio-ssl/experiment';
import { percent } from '@audio-ssl/report';
import { printableLine } from './printable.js';
import { table } from './table.js';

/** Runs as a table for a terminal, with what is wrong with one on a line of its own. */
export function runsTable(runs: readonly ListedRun[], now = Date.now()): string {
  const lines = table([
    ['run', 'state', 'step', 'best probe', 'size', 'age'],
    ...runs.map((listed) => [
      printableLine(listed.run),
      listed.state === 'stopped' ? `stopped at ${listed.step}` : listed.state,
      steps(listed),
      best(listed),
      bytes(listed.bytes),
      age(now - Date.parse(listed.started ?? listed.changed)),
    ]),
  ]);
  const wrong = runs.flatMap(({ run, why }) => (why === undefined ? [] : [printableLine(`${run}: ${why}`)]));
  return [...lines, ...(wrong.length > 0 ? ['', ...wrong] : [])].join('\n');
}

function steps({ step, steps: total }: ListedRun): string {
  if (step === undefined) return '';
  return total === undefined ? String(step) : `${step}/${total}`;
}

function best({ best: probe }: ListedRun): string {
  if (!probe) return '';
  const { accuracy, gain, pooling } = probe;
  const beside =
    gain === undefined ? '' : `, ${(100 * Math.abs(gain)).toFixed(1)} points ${gain < 0 ? 'below' : 'above'} its start`;
  return `${percent(accuracy)}${beside} (${pooling})`;
}

function bytes(count: number): string {
  const unit = [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const;
  const [name, size] = unit.find(([, least]) => count >= least) ?? ['B', 1];
  const value = count / size;
  return `${value.toFixed(value < 10 && size > 1 ? 1 : 0)} ${name}`;
}

/** How long ago, in its largest unit. */
function age(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const;
  const [name, length] = units.find(([, least]) => milliseconds >= least) ?? units[3];
  return `${Math.max(0, Math.floor(milliseconds / length))} ${name}`;
}
