import type { Mask } from '@audio-ssl/masking';
import {
  embedPatches,
  maskedBatch,
  patchGrid,
  sinCosPositions,
  type MaskedBatch,
  type SpectrogramEncoder,
} from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelOptions } from './options.js';

/** What a step sees of the data: spectrograms (B, bins, frames) and the indices of visible (B, V) and masked tokens (B, M). */
export type MatpacBatch = MaskedBatch & {
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
  const grid = patchGrid(bins, frames, patch);
  return {
    ...maskedBatch(spectrograms, mask, { bins, frames, patch }),
    positions: {
      encoder: sinCosPositions(grid, encoder.embedDim, { timeOffset }),
      predictor: sinCosPositions(grid, predictor.embedDim, { timeOffset }),
    },
  };
}

/**
 * A batch in parts of equal size, for accumulation; all share the positions.
 *
 * @throws Error when the batch does not divide into the parts.
 */
export function splitBatch(batch: MatpacBatch, parts: number): readonly MatpacBatch[] {
  if (parts === 1) return [batch];
  const [size] = batch.spectrogram.shape as [number];
  if (size % parts !== 0) {
    throw new Error(
      `trainStep: a batch of ${size} does not divide into ${parts} parts; choose memory.accumulation as a divisor of the batch`,
    );
  }
  const cut = (tensor: tf.Tensor): tf.Tensor[] => tf.split(tensor, parts);
  const [visible, masked] = [cut(batch.visible), cut(batch.masked)];
  return cut(batch.spectrogram).map((spectrogram, i) => ({
    ...batch,
    spectrogram,
    visible: visible[i]!,
    masked: masked[i]!,
  }));
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
