import type { Mask } from '@audio-ssl/masking';
import * as tf from '@tensorflow/tfjs-core';
import { patchGrid, type Patch } from './patches.js';

/** What a step of masked prediction sees of the data. */
export type MaskedBatch = {
  /** Standardised spectrograms (B, bins, frames), float32. */
  readonly spectrogram: tf.Tensor;
  /** Indices of the visible tokens (B, V), int32. */
  readonly visible: tf.Tensor;
  /** Indices of the masked tokens (B, M), int32. */
  readonly masked: tf.Tensor;
};

/**
 * The tensors of one batch.
 *
 * @param spectrograms (B, bins, frames) row-major, standardised.
 * @param mask of the grid that `bins` x `frames` makes; B is its `batch`.
 * @param options `bins` and `frames` of a spectrogram, and the `patch`, of which both are multiples.
 * @returns new tensors, which the caller disposes.
 * @throws Error when the array or the mask does not fit.
 * @example
 * const mask = randomMask({ ratio: 0.7 })({ freq: 5, time: 38 }, 32, random);
 * const batch = maskedBatch(values, mask, { bins: 80, frames: 608, patch: [16, 16] });
 */
export function maskedBatch(
  spectrograms: Float32Array,
  mask: Mask,
  { bins, frames, patch }: { readonly bins: number; readonly frames: number; readonly patch: Patch },
): MaskedBatch {
  const { batch } = mask;
  if (spectrograms.length !== batch * bins * frames) {
    throw new Error(
      `maskedBatch: expected ${batch} spectrograms of ${bins} x ${frames}, got ${spectrograms.length} values; was the mask made for another batch?`,
    );
  }
  const grid = patchGrid(bins, frames, patch);
  const tokens = grid.freq * grid.time;
  for (const indices of [mask.visible, mask.masked]) {
    for (const index of indices) {
      if (index >= 0 && index < tokens) continue;
      throw new Error(
        `maskedBatch: index ${index} is outside 0..${tokens - 1} (grid ${grid.freq}x${grid.time}); was the mask made for another grid?`,
      );
    }
  }
  const rows = (indices: Int32Array): tf.Tensor => tf.tensor2d(indices, [batch, indices.length / batch], 'int32');
  return {
    spectrogram: tf.tensor3d(spectrograms, [batch, bins, frames]),
    visible: rows(mask.visible),
    masked: rows(mask.masked),
  };
}
