// Loads a checkpoint in a process of its own and prints the memory that this took beyond what the process had, in bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { openTensors } from '@audio-ssl/params';
import { openFile } from '@audio-ssl/params/node';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadModel } from '../src/index.js';

/** A line of proc(5)'s status, in bytes. */
const status = (name: string): number =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]);

await tf.ready();
writeFileSync('/proc/self/clear_refs', '5'); // the peak is that from here on
const before = status('VmRSS');
const file = await openTensors(await openFile(process.argv[2]!));
const model = await loadModel(file, { numHeads: 4 });
await file.close();
console.log(status('VmHWM') - before);
model.dispose();
