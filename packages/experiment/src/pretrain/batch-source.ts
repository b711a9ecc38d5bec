import { createBatches } from '@audio-ssl/datasets';
import { randomStream } from '@audio-ssl/params';
import { maskedBatch, patchGrid, type MaskedBatch } from '@audio-ssl/vit';
import type { Config } from '../config/config-schema.js';
import type { Standardization } from '../features.js';
import type { OpenClips } from '../open-clips.js';
import type { Method } from './method.js';

/** The batches of a run. */
export interface BatchSource {
  /** The batch of a step: a function of the step and the configuration. */
  at(step: number): Promise<MaskedBatch>;
  /** The clips that it is made of: their ids, a row each. */
  clipsAt(step: number): Promise<readonly string[]>;
  /** Forgets what was made ahead. */
  close(): void;
}

/** The masked batches of a run as pure functions of the step. */
export function batchSource(
  method: Pick<Method, 'mask' | 'views' | 'makeBatch'>,
  { batchSize, seed, model, data }: Config,
  { dataset, store, pieces }: OpenClips,
  standardization: Standardization,
): BatchSource {
  const { cropFrames: frames, maxSilence, mixing, timeOffset } = data;
  const { views } = method;
  const grid = patchGrid(model.bins, frames, model.patch);
  const crops = createBatches(store, {
    pieces,
    batchSize,
    frames: views * frames,
    mean: standardization.mean,
    std: standardization.std,
    seed,
    maxSilence,
    mixing,
  });
  return {
    at: async (step) => {
      const { data: values } = await crops.at(step);
      const spectrograms = views === 1 ? values : halves(values, frames);
      const offset = Math.floor(randomStream(seed, 'time offset', step)() * (timeOffset + 1));
      const mask = method.mask(grid, views * batchSize, randomStream(seed, 'mask', step));
      return method.makeBatch
        ? method.makeBatch(spectrograms, mask, { frames, timeOffset: offset })
        : maskedBatch(spectrograms, mask, { ...model, frames });
    },
    clipsAt: async (step) => (await crops.at(step)).clips.map((clip) => dataset.clips[clip]!.id),
    close: () => crops.close(),
  };
}

/** The first halves of all crops and then the second ones: (B, bins, 2 frames) to (2 B, bins, frames). */
function halves(crops: Float32Array, frames: number): Float32Array {
  const rows = crops.length / (2 * frames);
  const views = new Float32Array(crops.length);
  for (let row = 0; row < 2 * rows; row++) {
    const [at, half] = row < rows ? [row, 0] : [row - rows, 1];
    const from = (2 * at + half) * frames;
    views.set(crops.subarray(from, from + frames), row * frames);
  }
  return views;
}
