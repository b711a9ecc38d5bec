import { createMask } from '@audio-ssl/masking';
import { estimateMemory, type StepMemory } from '@audio-ssl/matpac';
import { hasFused, randomStream } from '@audio-ssl/params';
import { patchGrid } from '@audio-ssl/vit';
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

const MiB = 2 ** 20;
const AROUND = 100 * MiB; // threads that make log-mels, the monitor, the report

/**
 * What a step takes of what {@link estimateMemory} counts, measured on several sizes (docs/decisions/0604-memory.md). A
 * compiled step frees what it has used; the other backends keep every result until the part of the step ends that it is of:
 * first the gradient, then the optimiser, whichever takes more.
 */
const steps = {
  compiled: ({ student, teacher, moments, gradients }: StepMemory, made: number) => ({
    state: 70 * MiB + 1.4 * (student + teacher + moments + gradients),
    activations: 1.3 * made,
  }),
  interpreted: ({ student, teacher, moments, gradients }: StepMemory, made: number) => {
    const state = 10 * MiB + student + teacher + moments + gradients;
    const optimizer = 14 * student;
    return { state: state + optimizer, activations: Math.max(0, 6.2 * made - optimizer) };
  },
};

/** What a run of MATPAC needs on a backend of TensorFlow.js, by default the one that runs. */
export function stepNeed(config: Config, backend = tf.getBackend()): StepNeed {
  const { batchSize, data, masking, model, seed } = config;
  const grid = patchGrid(model.bins, data.cropFrames, model.patch);
  const { visible, masked } = createMask(masking)(grid, 1, randomStream(seed, 'memory'));
  const memory = estimateMemory(matpacOptions(config), { batchSize, visible: visible.length, masked: masked.length });
  const fused = backend === 'tensorflow' && hasFused('attention');
  const made = memory.activations + (fused ? 0 : memory.scores);
  const step = steps[backend === 'tensorflow' ? 'compiled' : 'interpreted'](memory, made);
  // A checkpoint's arrays and the bytes of its file, partly where the step was.
  const copies = 1.6 * (memory.student + memory.teacher + memory.moments);
  const state = AROUND + step.state + copies;
  return { state, activations: step.activations, total: state + step.activations };
}
