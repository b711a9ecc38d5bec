import type { SuiteEstimate, SuitePlan } from '@audio-ssl/ablation';
import { duration } from '@audio-ssl/report';
import { clock } from './clock.js';

/** The plan of a suite: each row with its speed, time and changes, and when all is done. */
export function planWords({ rows, seeds, budget }: SuitePlan, estimate: SuiteEstimate, now = new Date()): string {
  const { steps, perRow, available, short, left, parallel } = estimate;
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, slug, changes }, i) => {
    const { start = 0, perStep = 0 } = perRow[slug] ?? {};
    const speed = `${(1000 * perStep).toFixed(0)} ms/step`.padStart(12);
    const each = duration(start + steps * perStep).padStart(12);
    return `  ${name.padEnd(width)}  ${speed}  ${each}  ${i === 0 ? 'baseline' : changes.join(', ')}`;
  });
  const over =
    short && budget !== null && available !== null
      ? `\nThe budget of ${duration(budget)}, of which ${duration(Math.max(0, available))} are left for the runs, is too short even for ${steps} steps a run: it takes longer.`
      : '';
  return [
    `plan: ${rows.length} rows x ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}, each ${steps} steps and a probe`,
    ...lines,
    left.runs > 0
      ? `${left.runs} runs to do, about ${duration(left.seconds)}, ${parallel} at a time, until ${clock(left.seconds, now)}${over}`
      : 'all runs are done',
  ].join('\n');
}
