import { estimateMemory } from '@audio-ssl/matpac';
import { hasFused, randomStream } from '@audio-ssl/params';
import { patchGrid } from '@audio-ssl/vit';
import { createMask } from '@audio-ssl/masking';
import * as tf from '@tensorflow/tfjs-core';
import { matpacOptions, type Config } from '../config/config-schema.js';

/** What pretraining needs in memory on top of what the process has when it begins, in bytes. */
export interface StepNeed {
  /** Weights, teacher, moments and gradients, and their copies for a checkpoint. */
  readonly state: number;
  /** What the forward pass leaves for the gradient, and what the backend keeps beside it. */
  readonly activations: number;
  readonly total: number;
}

/** What a backend holds for each byte that {@link estimateMemory} counts: measured, see docs/decisions/0604-memory.md. */
interface Measured {
  /** Graphs, threads and buffers of its own. */
  readonly fixed: number;
  readonly state: number;
  readonly activations: number;
}

const MiB = 2 ** 20;
const compiled: Measured = { fixed: 70 * MiB, state: 1.4, activations: 1.3 };
const interpreted: Measured = { fixed: 20 * MiB, state: 1.4, activations: 6 };

/** What a run of MATPAC needs on the backend that runs. */
export function stepNeed(config: Config): StepNeed {
  const { batchSize, data, masking, model, seed } = config;
  const grid = patchGrid(model.bins, data.cropFrames, model.patch);
  const { visible, masked } = createMask(masking)(grid, 1, randomStream(seed, 'memory'));
  const counts = { batchSize, visible: visible.length, masked: masked.length };
  const { student, teacher, moments, gradients, activations, scores } = estimateMemory(matpacOptions(config), counts);
  const held = tf.getBackend() === 'tensorflow' ? compiled : interpreted;
  const saved = student + teacher + moments;
  const copies = 2 * saved; // a checkpoint's arrays, and the bytes of its file
  const state = held.state * (saved + gradients) + copies;
  const made = held.activations * (activations + (hasFused('attention') ? 0 : scores));
  return { state: held.fixed + state, activations: made, total: held.fixed + state + made };
}
