import { runFiles } from '@audio-ssl/trainer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attack } from '../attack.js';
import { runCommand, startCommand } from '../run-command.js';

/** Probes one run by several commands at a time; what each has found must be kept. */
export const probeTogether: Attack = {
  name: 'probe-together',
  tries: 12,
  short: 0,
  run: async ({ folder, notes, env, pretrain }, tries) => {
    const run = join(folder, 'probed-together');
    await runCommand(pretrain(run), env);
    const neighbours = Array.from({ length: tries }, (_, i) => i + 1);
    const args = (k: number): readonly string[] => [
      ...['probe', run, '--root', notes, '--dataset', 'nsynth', '--folds', '3', '--knn', String(k)],
    ];
    const ends = await Promise.all(neighbours.map((k) => startCommand(args(k), env).ended));
    const faults = ends.filter(({ code }) => code !== 0).map(({ output }) => output);
    const probes = JSON.parse(await readFile(join(run, runFiles.probes), 'utf8')) as { readonly method?: string }[];
    const page = await readFile(join(run, runFiles.report), 'utf8');
    for (const k of neighbours) {
      const found = probes.find(({ method = '' }) => new RegExp(`\\b${k} nearest`).test(method));
      if (!found) faults.push(`lost: ${k} nearest neighbours`);
      else if (!page.includes(found.method!)) faults.push(`not in the report: ${found.method}`);
    }
    return { words: `${tries} probes of one run at a time: results and report`, faults };
  },
};
