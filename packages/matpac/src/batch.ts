import type { Mask } from '@audio-ssl/masking';
import { embedPatches, patchGrid, sinCosPositions, type SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelOptions } from './options.js';

/** What a step sees of the data. */
export type MatpacBatch = {
  /** Standardised log-mel spectrograms (B, bins, frames). */
  readonly spectrogram: tf.Tensor;
  /** Indices of the visible tokens (B, V), int32. */
  readonly visible: tf.Tensor;
  /** Indices of the masked tokens (B, M), int32. */
  readonly masked: tf.Tensor;
  /** Positions of the encoder (N, D) and of the predictor (N, dec). */
  readonly positions: { readonly encoder: tf.Tensor; readonly predictor: tf.Tensor };
};

/**
 * The tensors of one batch.
 *
 * @param spectrograms (B, bins, frames) row-major, standardised.
 * @param mask of the grid that `bins` x `frames` makes.
 * @param options `frames` per clip; `timeOffset`, the time column at which the crops' positions start (default 0): drawn
 * anew for every batch it teaches an encoder of short crops the positions of longer clips.
 * @throws Error when the array or the mask does not fit.
 * @example
 * const batch = makeBatch(data, randomMask({ ratio: 0.7 })(grid, 32, random), options.model, { frames: 608 });
 */
export function makeBatch(
  spectrograms: Float32Array,
  mask: Mask,
  { bins, patch, encoder, predictor }: ModelOptions,
  { frames, timeOffset = 0 }: { readonly frames: number; readonly timeOffset?: number },
): MatpacBatch {
  const { batch } = mask;
  if (spectrograms.length !== batch * bins * frames) {
    throw new Error(
      `makeBatch: expected ${batch} spectrograms of ${bins} x ${frames}, got ${spectrograms.length} values; was the mask made for another batch?`,
    );
  }
  const grid = patchGrid(bins, frames, patch);
  const tokens = grid.freq * grid.time;
  for (const index of [...mask.visible, ...mask.masked]) {
    if (index < 0 || index >= tokens) {
      throw new Error(
        `makeBatch: index ${index} is outside 0..${tokens - 1} (grid ${grid.freq}x${grid.time}); was the mask made for another grid?`,
      );
    }
  }
  const indices = (values: Int32Array): tf.Tensor => tf.tensor2d(values, [batch, values.length / batch], 'int32');
  return {
    spectrogram: tf.tensor3d(spectrograms, [batch, bins, frames]),
    visible: indices(mask.visible),
    masked: indices(mask.masked),
    positions: {
      encoder: sinCosPositions(grid, encoder.embedDim, { timeOffset }),
      predictor: sinCosPositions(grid, predictor.embedDim, { timeOffset }),
    },
  };
}

/**
 * All tokens of a batch with their positions, before anything is hidden. Student and teacher both start from the
 * student's patch embedding (MATPAC's code: only the blocks have an average).
 *
 * @returns (B, N, D).
 */
export function embedBatch(
  { patch_embed }: Pick<SpectrogramEncoder, 'patch_embed'>,
  { spectrogram, positions }: MatpacBatch,
  { patch }: ModelOptions,
): tf.Tensor3D {
  return embedPatches(patch_embed, spectrogram, { patch, positions: positions.encoder });
}
