import { tinyArguments } from '@audio-ssl/testing';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../attack.js';
import { after } from '../moments.js';
import { killWhen, runCommand, startCommand } from '../run-command.js';

/** Kills the command of a suite again and again, but not its children; the suite must find what an undisturbed one finds. */
export const killAblate: Attack = {
  name: 'kill-ablate',
  tries: 5,
  short: 0,
  run: async ({ folder, notes, random, env }, tries) => {
    const suite = join(folder, 'two.yaml');
    await writeFile(suite, 'rows: { no classes: { classification: { weight: 0 } } }\n');
    const args = (out: string): readonly string[] => [
      ...['ablate', '--suite', suite, '--data', notes, '--out', out, '--preset', 'demo', '--seeds', '1'],
      ...[...tinyArguments, '--set', 'steps=60', '--set', 'probe.folds=3', '--set', 'probe.pool=[mean]'],
    ];
    const whole = join(folder, 'suite-whole');
    const { seconds } = await runCommand(args(whole), env);
    const out = join(folder, 'suite-killed');
    const faults: string[] = [];
    for (let i = 0; i < tries; i++) {
      await killWhen(startCommand(args(out), env), after((0.1 + 0.8 * random()) * 1000 * seconds));
      await sleep(2000 * random()); // its children notice, save and end
    }
    const { code, output } = await startCommand(args(out), env).ended;
    if (code !== 0) faults.push(`the last start ended with ${code}: ${output}`);
    const [a, b] = await Promise.all([out, whole].map(figures));
    if (a !== b) faults.push(`the figures differ: ${a}, and undisturbed ${b}`);
    return { words: `${tries} kills of the parent: results compared figure for figure`, faults };
  },
};

interface Results {
  readonly done: number;
  readonly rows: readonly { readonly runs: readonly { readonly accuracy?: unknown }[] }[];
}

async function figures(out: string): Promise<string> {
  const text = await readFile(join(out, 'results.json'), 'utf8').catch(() => '{"done":0,"rows":[]}');
  const { done, rows } = JSON.parse(text) as Results;
  return JSON.stringify([done, rows.map(({ runs }) => runs.map(({ accuracy }) => accuracy))]);
}
