import { pad, standardize } from '@audio-ssl/audio-frontend';
import { createBatches } from '@audio-ssl/datasets';
import {
  classLogits,
  type FineTuneBatch,
  type FineTuneScalars,
  type FineTuneState,
  fineTuneSchedule,
  fineTuneStep,
  initFineTuning,
} from '@audio-ssl/matpac';
import { disposeTree, tidy } from '@audio-ssl/params';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { compileCached } from './compile-cached.js';
import type { Config } from './config/config-schema.js';
import type { Standardization } from './features.js';
import type { OpenClips } from './open-clips.js';
import { type Fitted, scored } from './probe-methods.js';
import type { ProbeTask } from './probe-task.js';
import { startProgress } from './progress.js';

// What fine-tuning changes of a run's optimiser: a lower rate than training from scratch, and a short warm-up.
const OPTIMIZER = { learningRate: 3e-4, warmup: 0.1, decay: 'matrices' } as const;

/**
 * Fine-tunes an encoder with a linear layer on the training clips of every fold, and classes the clips of that fold whole.
 * Crops, batch size and standardisation are those of the run.
 */
export async function fineTune(
  name: string,
  encoder: SpectrogramEncoder,
  task: ProbeTask,
  { store, kept }: OpenClips,
  {
    config,
    measured,
    epochs,
    signal,
  }: {
    readonly config: Config;
    readonly measured: Standardization;
    readonly epochs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Fitted> {
  const { labels, classes, folds, bootstrapGroups } = task;
  const { model, seed } = config;
  const { cropFrames: frames, maxSilence } = config.data;
  const optimizer = { ...config.optimizer, ...OPTIMIZER };
  const update = fineTuneStep({ model, activation: 'softmax', optimizer });
  const step = compileCached(
    (from: FineTuneState, batch: FineTuneBatch, scalars: FineTuneScalars<tf.Scalar>) => update(from, batch, scalars),
    { donate: [0] },
  );
  const rowOf = new Map(kept.map((index, row) => [index, row]));
  const predictions = new Int32Array(kept.length).fill(-1);
  const tested = [...new Set(folds)].filter((fold) => fold >= 0);
  const plans = tested.map((fold) => {
    const indices = kept.filter((_, row) => folds[row] !== fold);
    const batchSize = Math.min(config.batchSize, indices.length);
    return { fold, indices, batchSize, steps: epochs * Math.ceil(indices.length / batchSize) };
  });
  const progress = startProgress(
    name,
    plans.reduce((sum, { steps }) => sum + steps, 0),
  );
  let done = 0;
  try {
    for (const { fold, indices, batchSize, steps } of plans) {
      const source = createBatches(store, { indices, batchSize, frames, ...measured, seed, maxSilence });
      const scalarsAt = fineTuneSchedule(optimizer, steps);
      let state = initFineTuning(encoder, { classes, model }, seed);
      try {
        for (let i = 0; i < steps; i++) {
          signal?.throwIfAborted();
          const { data, clips } = await source.at(i);
          const batch: FineTuneBatch = tidy(() => ({
            spectrogram: tf.tensor3d(data, [batchSize, model.bins, frames]),
            targets: tf.cast(
              tf.oneHot(
                clips.map((index) => labels[rowOf.get(index) as number] as number),
                classes,
              ),
              'float32',
            ),
          }));
          const scalars = Object.fromEntries(
            Object.entries(scalarsAt(i)).map(([key, value]) => [key, tf.scalar(value)]),
          ) as unknown as FineTuneScalars<tf.Scalar>;
          const next = step(state, batch, scalars);
          state = next.state; // the old one is given away
          tf.dispose([batch, scalars, next.metrics] as unknown as tf.TensorContainer);
          progress.update(++done);
        }
        for (const [row, index] of kept.entries()) {
          if (folds[row] !== fold) continue;
          signal?.throwIfAborted();
          const logMel = await store.load(index);
          const [, width] = model.patch;
          const whole = pad(standardize(logMel, measured), Math.ceil(logMel.frames / width) * width);
          const best = tidy(() => {
            const spectrogram = tf.tensor3d(whole.data, [1, whole.bins, whole.frames]);
            return tf.argMax(classLogits(state.student, spectrogram, model), 1);
          });
          predictions[row] = (await best.data())[0] as number;
          best.dispose();
        }
      } finally {
        disposeTree(state);
        source.close();
      }
    }
    return scored(predictions, labels, bootstrapGroups);
  } finally {
    step.dispose();
    progress.stop();
  }
}
