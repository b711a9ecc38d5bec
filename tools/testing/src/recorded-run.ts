import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, toTensor } from '@audio-ssl/tensor-files';
import type * as tf from '@tensorflow/tfjs-core';

type Figure = 'step' | 'loss' | 'loss_pred' | 'loss_cls' | 'perplexity' | 'n_diff_target' | 'center_abs_mean';
type LogRow = Readonly<Record<Figure, number>>;

/** What tests of blocks read of a `run.json`. */
interface RunJson {
  readonly config: { readonly head_out: number; readonly mcl_t: number };
  readonly student_temp: number;
  readonly teacher_temp: readonly [number, number];
  readonly mcl_temperature_end: number;
  readonly center_momentum: number;
  readonly loss_weights: { readonly loss_cls: number; readonly loss_pred: number };
  readonly steps: number;
  readonly log: readonly [LogRow, ...LogRow[]];
}

/** A run of the authors' code: its `run.json`, and what it recorded, by name. */
export function recordedRun(folder: string): { run: RunJson; tensor: (name: string) => tf.Tensor } {
  const { tensors } = readSafetensors(readFileSync(join(folder, 'tensors.safetensors')));
  const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunJson;
  return { run, tensor: (name) => toTensor(tensors.get(name)!) };
}
