import { cropAt, pad, standardize } from '@audio-ssl/audio-frontend';
import { alignment, type Features, knnAccuracy, rankMe, uniformity } from '@audio-ssl/evaluation';
import { randomStream, tidy, type TensorTree } from '@audio-ssl/params';
import type { Hook } from '@audio-ssl/trainer';
import { encodeSpectrogram, frequencyConcat, type SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import type { Config } from '../config/config-schema.js';
import type { Standardization } from '../features.js';
import type { OpenClips } from '../open-clips.js';
import type { Method } from './method.js';

const CLIPS_AT_ONCE = 32;
const NEIGHBOURS = 5;

/**
 * What is measured every so many steps of a run: two fixed crops of some clips through the encoder, pooled as a probe pools
 * them. Measures the effective rank and the uniformity of the features, how near the two crops of a clip lie, and, where the
 * clips have labels, how many have a majority of their own class among their nearest neighbours. Labels train nothing.
 *
 * @returns a hook for the training loop, or none where the configuration turns the monitor off
 */
export function monitor(
  method: Pick<Method, 'encoderOf'>,
  { monitor: { every, clips: count }, data: { cropFrames }, model, seed }: Config,
  { dataset, store, kept, pieces }: OpenClips,
  standardization: Standardization,
): Hook<TensorTree> | undefined {
  if (every === 0 || kept.length < 2) return undefined;
  const total = Math.min(count, pieces.length);
  const picked = Array.from({ length: total }, (_, i) => pieces[Math.floor((i * pieces.length) / total)]!);
  const clips = picked.map(({ clip }) => dataset.clips[clip]!);
  const labels = Int32Array.from(clips, ({ label }) => (label === undefined ? -1 : dataset.classes.indexOf(label)));
  const labelled = dataset.classes.length >= 2 && labels.every((label) => label >= 0) && picked.length > NEIGHBOURS;
  const groups = clips.map(({ group, fold, id }) => group ?? fold ?? id); // a clip's own recording says nothing

  /** One crop (bins, frames) of each clip, the same ones each time. */
  const crops = async (view: string): Promise<Float32Array> => {
    const all = new Float32Array(picked.length * model.bins * cropFrames);
    for (const [i, { clip, piece }] of picked.entries()) {
      const whole = pad(standardize(await store.load(clip, piece), standardization), cropFrames);
      const last = whole.frames - cropFrames;
      const start = Math.floor(randomStream(seed, `monitor ${view}`, i)() * (last + 1));
      all.set(cropAt(whole, start, cropFrames).data, i * model.bins * cropFrames);
    }
    return all;
  };

  const embed = async (encoder: SpectrogramEncoder, spectrograms: Float32Array): Promise<Features> => {
    const size = model.bins * cropFrames;
    const rows: Float32Array[] = [];
    for (let from = 0; from < picked.length; from += CLIPS_AT_ONCE) {
      const batch = Math.min(CLIPS_AT_ONCE, picked.length - from);
      const pooled = tidy(() => {
        const part = spectrograms.subarray(from * size, (from + batch) * size);
        const input = tf.tensor3d(part.slice(), [batch, model.bins, cropFrames]);
        const { tokens, grid } = encodeSpectrogram(encoder, input, {
          patch: model.patch,
          numHeads: model.encoder.numHeads,
        });
        return tf.mean(frequencyConcat(tokens, grid), 1); // (B, F * D)
      });
      rows.push((await pooled.data()) as Float32Array);
      pooled.dispose();
    }
    const data = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
    rows.reduce((at, row) => (data.set(row, at), at + row.length), 0);
    return { data, rows: picked.length, dims: data.length / picked.length };
  };

  return {
    every,
    run: async ({ state }) => {
      const encoder = method.encoderOf(state);
      const first = await embed(encoder, await crops('first'));
      const second = await embed(encoder, await crops('second'));
      const knn = labelled
        ? await knnAccuracy({ features: first, labels, classes: dataset.classes.length, groups, k: NEIGHBOURS })
        : undefined;
      return {
        'features/rankMe': rankMe(first),
        'features/uniformity': uniformity(first),
        'features/alignment': alignment(first, second),
        ...(knn && { 'probe/knn': knn.accuracy }),
      };
    },
  };
}
