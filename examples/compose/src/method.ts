import type { MaskStrategy } from '@audio-ssl/masking';
import { linear, warmupCosine } from '@audio-ssl/optim';
import type { Scalar, TensorTree } from '@audio-ssl/params';
import type { Step } from '@audio-ssl/trainer';
import {
  patchGrid,
  sinCosPositions,
  type EncoderOptions,
  type MaskedBatch,
  type Patch,
  type SpectrogramEncoder,
} from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';

/** The sizes that all four methods are built with. */
export interface Sizes {
  readonly bins: number;
  readonly patch: Patch;
  readonly encoder: EncoderOptions;
  readonly predictor: EncoderOptions;
  readonly head: { readonly hiddenDim: number; readonly bottleneckDim: number; readonly pseudoClasses: number };
}

/** What changes from step to step: AdamW's, and the decay of the momentum teacher. */
export type Scalars<Value = Scalar> = { readonly learningRate: Value; readonly step: Value; readonly decay: Value };

/** A method of self-supervised learning: what it hides, its first state, and one update as a pure function. */
export interface Method<State extends TensorTree> {
  readonly name: string;
  readonly mask: MaskStrategy;
  /** Crops that it takes of each clip: with 2, rows i and B/2 + i of a batch are two views of one clip. */
  readonly views: 1 | 2;
  readonly init: (seed: number) => State;
  readonly step: Step<State, MaskedBatch, Scalars>;
  /** The scalars of a step of a run of `steps`. */
  readonly scalarsAt: (step: number, steps: number) => Scalars<number>;
  /** The encoder that is probed and embedded with. */
  readonly encoderOf: (state: State) => SpectrogramEncoder;
}

/** The curves of all four: a warm-up over a tenth of the run and half a cosine; a teacher that comes to rest. */
export function scalarsAt(step: number, steps: number): Scalars<number> {
  const learningRate = warmupCosine({ peak: 1e-3, warmup: Math.ceil(steps / 10), total: steps });
  return { learningRate: learningRate(step), step, decay: linear({ from: 0.996, to: 1, steps })(step) };
}

/** The positions of every token of every clip (B, N, D). */
export function positionsOf({ spectrogram }: MaskedBatch, patch: Patch, width: number): tf.Tensor3D {
  const [batch, bins, frames] = spectrogram.shape as [number, number, number];
  const positions = sinCosPositions(patchGrid(bins, frames, patch), width); // (N, D)
  return tf.tile(tf.expandDims(positions, 0), [batch, 1, 1]) as tf.Tensor3D;
}
