import { newestCheckpoint, readCheckpoint } from '@audio-ssl/trainer';
import { openFile, verifyChecksum } from '@audio-ssl/tensor-files/node';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attack } from '../attack.js';
import { runCommand } from '../run-command.js';

/** Flips single bits of the newest checkpoint and of the weights, three in data for one in the header. */
export const damage: Attack = {
  name: 'damage',
  tries: 400,
  short: 40,
  run: async ({ folder, random, env, pretrain }, tries) => {
    const run = join(folder, 'damaged');
    await runCommand(pretrain(run, '--set', 'steps=4', '--set', 'checkpointEvery=2'), env);
    const newest = (await newestCheckpoint(run))!;
    const faults: string[] = [];
    const counts = { data: 0, header: 0 };
    const flipped = async (path: string, test: (where: string) => Promise<void>): Promise<void> => {
      const bytes = await readFile(path);
      const header = 8 + Number(bytes.readBigUInt64LE(0));
      for (let i = 0; i < tries; i++) {
        const inHeader = i % 4 === 3;
        const at = Math.floor(inHeader ? random() * header : header + random() * (bytes.length - header));
        const bit = Math.floor(8 * random());
        counts[inHeader ? 'header' : 'data']++;
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 1 << bit;
        await writeFile(path, damaged);
        await test(`bit ${bit} of byte ${at} of ${path}`);
      }
      await writeFile(path, bytes);
    };
    await flipped(newest.path, async (where) => {
      const warnings: string[] = [];
      const onWarning = (message: string): void => void warnings.push(message);
      const steps = [await readCheckpoint(run, { onWarning }), await newestCheckpoint(run, { onWarning })];
      if (warnings.length !== 2) faults.push(`${where}: went unnoticed`);
      if (steps.some((found) => found?.step !== 2)) faults.push(`${where}: the older checkpoint was not taken`);
    });
    await flipped(join(run, 'weights.safetensors'), async (where) => {
      const source = await openFile(join(run, 'weights.safetensors'));
      if (await verifyChecksum(source).catch(() => undefined)) faults.push(`${where}: went unnoticed`);
      await source.close();
    });
    const words = `${counts.data} bits flipped in data and ${counts.header} in headers, of a checkpoint and of weights`;
    return { words, faults };
  },
};
