import { readSafetensors } from '@audio-ssl/tensor-files';
import { readLog, runFiles } from '@audio-ssl/trainer';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../attack.js';
import { startCommand } from '../run-command.js';

const HEADS = [1, 2, 4];

/** Starts commands with different settings on one fresh folder at a time: one must win, and the folder be its own. */
export const startTogether: Attack = {
  name: 'start-together',
  tries: 30,
  short: 1,
  run: async ({ folder, random, env, pretrain }, tries) => {
    const faults: string[] = [];
    for (let i = 0; i < tries; i++) {
      const run = join(folder, `together-${i}`);
      const commands = [];
      for (const heads of HEADS) {
        const encoder = `model.encoder={embedDim: 32, depth: 1, numHeads: ${heads}}`;
        commands.push(startCommand(pretrain(run, '--set', encoder), env));
        await sleep(100 * random());
      }
      const ends = await Promise.all(commands.map(({ ended }) => ended));
      const fault = (words: string): void => void faults.push(`start ${i}: ${words}`);
      const winners = HEADS.filter((_, at) => ends[at]!.code === 0);
      if (winners.length !== 1) fault(`${winners.length} commands ended well: ${ends.map((end) => end.output).join()}`);
      for (const { code, output } of ends)
        if (code !== 0 && !/is training in|another configuration/.test(output)) fault(`refused with ${output}`);
      const { config } = JSON.parse(await readFile(join(run, runFiles.config), 'utf8')) as Saved;
      const { metadata } = readSafetensors(await readFile(join(run, runFiles.weights)));
      const told = [config.model.encoder.numHeads, Number(metadata['numHeads'])];
      if (told.some((heads) => heads !== winners[0])) fault(`heads of ${winners}, in its files ${told.join()}`);
      if ((await readLog(run)).length !== config.steps) fault('the log is not of one run');
      const left = (await readdir(run)).filter((name) => /\.tmp$|\.lock/.test(name));
      if (left.length > 0) fault(`left behind: ${left.join()}`);
    }
    return { words: `${tries} times ${HEADS.length} commands with other settings on one fresh folder`, faults };
  },
};

interface Saved {
  readonly config: { readonly steps: number; readonly model: { readonly encoder: { readonly numHeads: number } } };
}
