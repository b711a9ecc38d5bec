import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Attack } from '../attack.js';
import { after, whileWriting } from '../moments.js';
import { killWhen, runCommand, startCommand } from '../run-command.js';

/** Kills an embedding again and again; its file must be that of an undisturbed one. */
export const killEmbed: Attack = {
  name: 'kill-embed',
  tries: 12,
  short: 1,
  run: async ({ folder, sounds, random, env, pretrain }, tries) => {
    const run = join(folder, 'embedded');
    await runCommand(pretrain(run), env);
    const args = (out: string): readonly string[] => ['embed', run, sounds, '--out', out];
    const faults: string[] = [];
    for (const extension of tries > 1 ? ['jsonl', 'npy'] : ['jsonl']) {
      const whole = join(folder, `whole.${extension}`);
      const { seconds } = await runCommand(args(whole), env);
      const out = join(folder, `killed.${extension}`);
      for (let i = 0; i < tries / (tries > 1 ? 2 : 1); i++) {
        const moment = after((0.3 + 0.8 * random()) * 1000 * seconds);
        await killWhen(startCommand(args(out), env), i % 3 === 2 ? whileWriting(dirname(out), moment) : moment);
      }
      const { code, output } = await startCommand(args(out), env).ended;
      if (code !== 0) faults.push(`the last start ended with ${code}: ${output}`);
      const [a, b] = await Promise.all([out, whole].map((path) => readFile(path).catch(String)));
      if (Buffer.compare(Buffer.from(a!), Buffer.from(b!)) !== 0) faults.push(`${extension}: the vectors differ`);
    }
    return { words: `${tries} kills, JSON lines and npy: files compared byte for byte`, faults };
  },
};
