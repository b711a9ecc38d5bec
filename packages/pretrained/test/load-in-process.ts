// Loads two checkpoints in a process of its own and prints the memory, in bytes, that the second one took at its peak beyond
// what the process had: with the first one, a small one, its code is warm.
import { readFileSync, writeFileSync } from 'node:fs';
import { openTensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadModel } from '../src/index.js';

/** A line of proc(5)'s status, in bytes. */
const status = (name: string): number =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]);

async function load(path: string): Promise<void> {
  const file = await openTensors(await openFile(path));
  const model = await loadModel(file, { numHeads: 4 });
  await file.close();
  model.dispose();
}

const [small, large] = process.argv.slice(2) as [string, string];
await tf.ready();
await load(small);
writeFileSync('/proc/self/clear_refs', '5'); // the peak is that from here on
const before = status('VmRSS');
await load(large);
console.log(status('VmHWM') - before);
