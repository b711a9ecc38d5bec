import { runFiles } from '@audio-ssl/trainer';
import { cp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attack } from '../attack.js';
import { after } from '../moments.js';
import { killWhen, runCommand, startCommand } from '../run-command.js';

/** Kills a probe again and again; what it finds in the end must be what an undisturbed one finds. */
export const killProbe: Attack = {
  name: 'kill-probe',
  tries: 10,
  short: 1,
  run: async ({ folder, notes, random, env, pretrain }, tries) => {
    const run = join(folder, 'probed');
    await runCommand(pretrain(run), env);
    const other = join(folder, 'probed-whole');
    await cp(run, other, { recursive: true });
    const args = (of: string): readonly string[] => [
      'probe',
      of,
      '--root',
      notes,
      '--dataset',
      'nsynth',
      '--folds',
      '3',
    ];
    const { seconds } = await runCommand(args(other), env);
    for (let i = 0; i < tries; i++)
      await killWhen(startCommand(args(run), env), after((0.4 + 0.65 * random()) * 1000 * seconds));
    const { code, output } = await startCommand(args(run), env).ended;
    const faults = code === 0 ? [] : [`the last start ended with ${code}: ${output}`];
    const [a, b] = await Promise.all([run, other].map(results));
    if (a !== b) faults.push('the results differ');
    const left = (await readdir(join(run, 'report'))).filter((name) => /\.tmp$|\.lock/.test(name));
    if (left.length > 0) faults.push(`left behind: ${left.join()}`);
    return { words: `${tries} kills: results compared figure for figure`, faults };
  },
};

async function results(run: string): Promise<string> {
  const probes = JSON.parse(await readFile(join(run, runFiles.probes), 'utf8')) as Record<string, unknown>[];
  return JSON.stringify(probes.map(({ seconds: _, ...probe }) => probe));
}
