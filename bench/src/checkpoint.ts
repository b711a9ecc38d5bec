/**
 * How long a full-size checkpoint takes to load, and how much memory at most: each in a process of its own.
 *
 *     python bench/pytorch/write-vit-b.py FOLDER
 *     node --import tsx --conditions=@audio-ssl/source bench/src/checkpoint.ts FOLDER/*.pt FOLDER/*.pth [--backend]
 *
 * `read`: every tensor of the file is read and kept, in plain Node. `model`, with --backend: `loadModel` on the best
 * backend, with the tensors in it. Memory is the highest resident size of the process, and what of it the process had
 * before the file was opened (Node, TensorFlow.js and the compiler of TypeScript).
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from '@audio-ssl/backend';
import { loadModel } from '@audio-ssl/pretrained';
import { openTensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import * as tf from '@tensorflow/tfjs-core';

interface Measured {
  readonly seconds: number;
  readonly peak: number;
  readonly before: number;
}

async function measure(path: string, backend: boolean): Promise<Measured> {
  if (backend) {
    await startBackend();
    tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).dataSync();
  }
  const before = process.memoryUsage.rss();
  const began = performance.now();
  const file = await openTensors(await openFile(path));
  const kept: unknown[] = [];
  if (backend) {
    const { weights } = await loadModel(file);
    kept.push(weights);
  } else for (const name of file.tensors.keys()) kept.push((await file.read(name)).data);
  const seconds = (performance.now() - began) / 1000;
  await file.close();
  return { seconds, peak: process.resourceUsage().maxRSS * 1024, before };
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--one') {
  const [path, backend] = rest;
  console.log(JSON.stringify(await measure(path!, backend === 'backend')));
} else {
  const args = [first, ...rest].filter((arg) => arg !== undefined);
  const ways = args.includes('--backend') ? ['read', 'backend'] : ['read'];
  for (const path of args.filter((arg) => !arg.startsWith('--'))) {
    for (const way of ways) {
      const flags = [
        '--import',
        'tsx',
        '--conditions=@audio-ssl/source',
        fileURLToPath(import.meta.url),
        '--one',
        path,
        way,
      ];
      const out = execFileSync(process.execPath, flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const { seconds, peak, before } = JSON.parse(out.trim().split('\n').at(-1)!) as Measured;
      const { size } = statSync(path);
      const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`.padStart(8);
      console.log(
        `${basename(path).padEnd(24)} ${way.padEnd(8)} ${mb(size)}  ${seconds.toFixed(2)} s  peak ${mb(peak)} = ${(peak / size).toFixed(2)} x the file, ` +
          `${((peak - before) / size).toFixed(2)} x beyond the ${mb(before).trim()} before`,
      );
    }
  }
}
