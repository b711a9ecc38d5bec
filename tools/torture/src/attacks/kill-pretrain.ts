import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLog, runFiles } from '@audio-ssl/trainer';
import type { Attack } from '../attack.js';
import { after, atStep, whileWriting } from '../moments.js';
import { killWhen, runCommand, startCommand } from '../run-command.js';

const EVERY = 3; // steps between checkpoints
const PART = 12; // steps between two kills

/** Kills one run again and again, every other time while it writes a checkpoint; it must end as an undisturbed one. */
export const killPretrain: Attack = {
  name: 'kill-pretrain',
  tries: 20,
  short: 2,
  run: async ({ folder, random, env, pretrain }, tries) => {
    const settings = ['--set', `steps=${PART * (tries + 1)}`, '--set', `checkpointEvery=${EVERY}`];
    const unbroken = join(folder, 'unbroken');
    const whole = await runCommand(pretrain(unbroken, ...settings), env);
    const run = join(folder, 'killed');
    const args = pretrain(run, ...settings);
    const faults: string[] = [];
    let writing = 0;
    let lines = 0;
    for (let i = 0; i < tries; i++) {
      const step = PART * i + Math.ceil(random() * PART);
      const moment =
        i % 5 === 4
          ? after(random() * 1000 * whole.seconds) // wherever that is: while it starts, measures or trains
          : i % 2 === 0
            ? atStep(run, step)
            : whileWriting(join(run, runFiles.checkpoints), atStep(run, step));
      const running = startCommand(args, env);
      if (!(await killWhen(running, moment))) {
        const { code, output } = await running.ended;
        if (code !== 0) faults.push(`kill ${i}: it ended by itself with ${code}: ${output}`);
      }
      if (i % 5 !== 4 && i % 2 === 1) writing++;
      lines = (await readLog(run)).length;
    }
    const { code, output } = await startCommand(args, env).ended;
    if (code !== 0) faults.push(`the last start ended with ${code}: ${output}`);
    const [a, b] = await Promise.all([run, unbroken].map((at) => readFile(join(at, runFiles.weights)).catch(String)));
    if (Buffer.compare(Buffer.from(a!), Buffer.from(b!)) !== 0) faults.push('the weights differ');
    const [logA, logB] = await Promise.all([run, unbroken].map(figures));
    if (logA !== logB) faults.push('the logs differ');
    return {
      words: `${tries} kills of one run, ${writing} of them while it wrote a checkpoint, the last at step ${lines} of ${PART * (tries + 1)}: weights and log compared bit for bit`,
      faults,
    };
  },
};

/** The log but for times. */
async function figures(run: string): Promise<string> {
  const log = await readLog(run);
  return JSON.stringify(log.map(({ step, metrics, notes }) => ({ step, metrics, notes })));
}
