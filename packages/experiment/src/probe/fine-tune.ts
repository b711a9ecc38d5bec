import { cropAt, pad, standardize, type Spectrogram } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import { createBatches } from '@audio-ssl/datasets';
import {
  classLogits,
  fineTuneSchedule,
  fineTuneStep,
  initFineTuning,
  type Classifier,
  type FineTuneBatch,
  type FineTuneScalars,
  type FineTuneState,
} from '@audio-ssl/matpac';
import { disposeTree, tidy, type Scalar } from '@audio-ssl/params';
import { steps } from '@audio-ssl/trainer';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { beginStage } from '../begin-stage.js';
import { graphFolder } from '../cache-folders.js';
import type { Config } from '../config/config-schema.js';
import { chunkFramesOf, type Standardization } from '../features.js';
import type { OpenClips } from '../open-clips.js';
import { scored, type Fitted, type StageOptions } from './probe-methods.js';
import type { ProbeTask } from './probe-task.js';

// What fine-tuning changes of a run's optimiser: a lower rate than training from scratch, and a short warm-up.
const OPTIMIZER = { learningRate: 3e-4, warmup: 0.1, decay: 'matrices' } as const;

// Chunks of a clip that are classified at once.
const STRETCH = 2;

/** How {@link fineTune} trains. */
export interface FineTuneRun extends StageOptions {
  /** Crops, batch size and optimiser are the run's. */
  readonly config: Config;
  readonly measured: Standardization;
  readonly epochs: number;
  readonly backend?: StartedBackend | undefined;
}

/**
 * Fine-tunes an encoder with a linear layer on the training clips of every fold, and classifies the clips of that fold
 * whole, or stretch by stretch where they are long.
 *
 * @param stage its name in reports
 * @param encoder borrowed
 */
export async function fineTune(
  stage: string,
  encoder: SpectrogramEncoder,
  task: ProbeTask,
  { store, kept, pieces: allPieces }: OpenClips,
  { config, measured, epochs, backend, reporter, signal }: FineTuneRun,
): Promise<Fitted> {
  const { labels, classes, folds, bootstrapGroups } = task;
  const { model, seed } = config;
  const { cropFrames: frames, maxSilence } = config.data;
  const optimizer = { ...config.optimizer, ...OPTIMIZER };
  const update = fineTuneStep({ model, activation: 'softmax', optimizer });
  const step = compile(
    (state: FineTuneState, batch: FineTuneBatch, scalars: FineTuneScalars<Scalar>) => update(state, batch, scalars),
    { donate: [0], cacheFolder: graphFolder(backend) },
  );
  const rowOf = new Map(kept.map((index, row) => [index, row]));
  const plans = [...new Set(folds)]
    .filter((fold) => fold >= 0)
    .map((fold) => {
      const pieces = allPieces.filter(({ clip }) => folds[rowOf.get(clip)!] !== fold);
      const batchSize = Math.min(config.batchSize, pieces.length);
      return { fold, pieces, batchSize, to: epochs * Math.ceil(pieces.length / batchSize) };
    });

  /** The logits of a stretch that is encoded at once. */
  const logitsOf = async (student: Classifier, logMel: Spectrogram): Promise<Float32Array> => {
    const [, width] = model.patch;
    const whole = pad(standardize(logMel, measured), Math.ceil(logMel.frames / width) * width);
    const logits = tidy(() => classLogits(student, tf.tensor3d(whole.data, [1, whole.bins, whole.frames]), model));
    try {
      return (await logits.data()) as Float32Array;
    } finally {
      logits.dispose();
    }
  };

  /**
   * The class of a clip: of the whole, up to two chunks (40 s); of a longer one by the mean of its stretches' logits, by
   * their lengths, which are those of the mean of their features.
   */
  const classOf = async (student: Classifier, index: number): Promise<number> => {
    const stretch = STRETCH * chunkFramesOf(model.patch);
    const sums = new Float64Array(classes);
    for (const piece of (await store.pieces(index)).keys()) {
      const logMel = await store.load(index, piece);
      for (let start = 0; start < logMel.frames; start += stretch) {
        signal?.throwIfAborted();
        const frames = Math.min(stretch, logMel.frames - start);
        const logits = await logitsOf(student, frames === logMel.frames ? logMel : cropAt(logMel, start, frames));
        logits.forEach((logit, k) => (sums[k]! += logit * Math.ceil(frames / model.patch[1])));
      }
    }
    return sums.indexOf(Math.max(...sums));
  };

  const predictions = new Int32Array(kept.length).fill(-1);
  const total = plans.reduce((sum, { to }) => sum + to, 0);
  const progress = beginStage(reporter, stage, total);
  let done = 0;
  try {
    for (const { fold, pieces, batchSize, to } of plans) {
      const crops = createBatches(store, {
        ...{ pieces, batchSize, frames, seed, maxSilence },
        ...{ mean: measured.mean, std: measured.std },
      });
      const batchAt = async (at: number): Promise<FineTuneBatch> => {
        const { data, clips } = await crops.at(at);
        const rows = clips.map((index) => labels[rowOf.get(index)!]!);
        return tidy(() => ({
          spectrogram: tf.tensor3d(data, [batchSize, model.bins, frames]),
          targets: tf.cast(tf.oneHot(rows, classes), 'float32'),
        }));
      };
      try {
        let state = initFineTuning(encoder, { classes, model }, seed);
        const scalarsAt = fineTuneSchedule(optimizer, to);
        for await (const event of steps({ state, step, batchAt, scalarsAt, to, signal })) {
          ({ state } = event);
          progress(++done);
        }
        try {
          for (const [row, index] of kept.entries()) {
            signal?.throwIfAborted();
            if (folds[row] === fold) predictions[row] = await classOf(state.student, index);
          }
        } finally {
          disposeTree(state);
        }
      } finally {
        crops.close();
      }
    }
    return scored(predictions, labels, bootstrapGroups);
  } finally {
    step.dispose();
  }
}
