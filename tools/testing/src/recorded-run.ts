import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, toTensor } from '@audio-ssl/tensor-files';
import type * as tf from '@tensorflow/tfjs-core';

/** A run of the authors' code: its `run.json`, and what it recorded, by name. */
export function recordedRun(folder: string): { run: any; tensor: (name: string) => tf.Tensor } {
  const { tensors } = readSafetensors(readFileSync(join(folder, 'tensors.safetensors')));
  const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  return { run, tensor: (name) => toTensor(tensors.get(name)!) };
}
