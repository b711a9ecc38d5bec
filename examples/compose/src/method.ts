import { linear, warmupCosine } from '@audio-ssl/optim';
import { patchGrid, sinCosPositions, type EncoderOptions, type MaskedBatch, type Patch } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';

/** The sizes that all four methods are built with. */
export interface Sizes {
  readonly bins: number;
  readonly patch: Patch;
  readonly encoder: EncoderOptions;
  readonly predictor: EncoderOptions;
  readonly head: { readonly hiddenDim: number; readonly bottleneckDim: number; readonly pseudoClasses: number };
}

/** What changes from step to step: AdamW's learning rate and step number, and the decay of the momentum teacher. */
export type Scalars = { readonly learningRate: number; readonly step: number; readonly decay: number };

/** The curves of all four: a warm-up over a tenth of the run and half a cosine; a teacher that comes to rest. */
export function scalarsAt(step: number, steps: number): Scalars {
  const learningRate = warmupCosine({ peak: 1e-3, warmup: Math.ceil(steps / 10), total: steps });
  return { learningRate: learningRate(step), step, decay: linear({ from: 0.996, to: 1, steps })(step) };
}

/** The positions of every token of every clip (B, N, D). */
export function positionsOf({ spectrogram }: MaskedBatch, patch: Patch, width: number): tf.Tensor3D {
  const [batch, bins, frames] = spectrogram.shape as [number, number, number];
  const positions = sinCosPositions(patchGrid(bins, frames, patch), width); // (N, D)
  return tf.tile(tf.expandDims(positions, 0), [batch, 1, 1]) as tf.Tensor3D;
}
