import type { Mask, MaskStrategy } from '@audio-ssl/masking';
import type { AdamWScalars } from '@audio-ssl/optim';
import type { Random, TensorTree } from '@audio-ssl/params';
import { patchGrid, sinCosPositions, type EncoderOptions, type Patch } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';

/** The sizes that all four methods are built with. */
export interface Sizes {
  readonly bins: number;
  readonly patch: Patch;
  readonly encoder: EncoderOptions;
  readonly predictor: EncoderOptions;
  readonly head: { readonly hiddenDim: number; readonly bottleneckDim: number; readonly pseudoClasses: number };
}

/** What a step sees of the data. */
export type Batch = {
  /** Standardised log-mels (B, bins, frames). */
  readonly spectrogram: tf.Tensor;
  /** Indices of the visible (B, V) and of the masked tokens (B, M), int32. */
  readonly visible: tf.Tensor;
  readonly masked: tf.Tensor;
};

/** What changes from step to step: AdamW's, and the decay of the momentum teacher. */
export type Scalars = AdamWScalars & { readonly decay: number };

/** A method of self-supervised learning: what it hides, its first state, and one update as a pure function. */
export interface Method<State extends TensorTree> {
  readonly mask: MaskStrategy;
  /** Crops that it takes of each clip: with 2, rows i and B/2 + i of a batch are two views of one clip. */
  readonly views: 1 | 2;
  readonly init: (random: Random) => State;
  readonly step: (state: State, batch: Batch, scalars: Scalars) => { state: State; loss: tf.Scalar };
}

/** The tensors of a batch. */
export function makeBatch(data: Float32Array, { visible, masked, batch }: Mask, { bins }: Pick<Sizes, 'bins'>): Batch {
  const indices = (values: Int32Array): tf.Tensor => tf.tensor2d(values, [batch, values.length / batch], 'int32');
  return {
    spectrogram: tf.tensor3d(data, [batch, bins, data.length / batch / bins]),
    visible: indices(visible),
    masked: indices(masked),
  };
}

/** The positions of every token of every clip (B, N, D). */
export function positionsOf({ spectrogram }: Batch, patch: Patch, width: number): tf.Tensor3D {
  const [batch, bins, frames] = spectrogram.shape as [number, number, number];
  const positions = sinCosPositions(patchGrid(bins, frames, patch), width); // (N, D)
  return tf.tile(tf.expandDims(positions, 0), [batch, 1, 1]) as tf.Tensor3D;
}
