import type { Mask, MaskStrategy } from '@audio-ssl/masking';
import type { Scalar, TensorTree } from '@audio-ssl/params';
import type { TensorFile } from '@audio-ssl/tensor-files';
import type { StepResult } from '@audio-ssl/trainer';
import type { MaskedBatch, SpectrogramEncoder } from '@audio-ssl/vit';

/** The scalars of one step by name, such as `learningRate`. */
export type MethodScalars = Readonly<Record<string, number>>;

/**
 * A method of self-supervised learning: what it hides, its first state, and one update as a pure function. `pretrain` runs
 * any of them; MATPAC is the one that {@link matpacMethod} makes of a configuration.
 *
 * @typeParam State all that a step reads and makes anew: networks, averages, moments of the optimiser
 * @typeParam Batch what a step sees of the data
 * @typeParam Scalars what changes from step to step
 * @example
 * const method: Method<State> = {
 *   name: 'mine',
 *   mask: randomMask({ ratio: 0.6 }),
 *   views: 1,
 *   init: (seed) => initMine(seed),
 *   step: (state, batch, scalars) => tidy(() => ({ state: update(state, batch, scalars), metrics: { loss } })),
 *   scalarsAt: (step, steps) => ({ step, learningRate: 1e-3 * (1 - step / steps) }),
 *   encoderOf: ({ student }) => student,
 * };
 */
export interface Method<
  State extends TensorTree = TensorTree,
  Batch extends TensorTree = MaskedBatch,
  Scalars extends MethodScalars = MethodScalars,
> {
  /** Names the method in the run's record and in messages. */
  readonly name: string;
  readonly mask: MaskStrategy;
  /**
   * Crops that it takes of each clip: with 2, rows i and B/2 + i of a batch are two views of one clip, the two halves of a
   * crop of twice the length.
   */
  readonly views: 1 | 2;
  /** The state before the first step: a function of the seed alone. */
  init(seed: number): State;
  /**
   * One update: borrows its arguments and returns a new state and figures of rank 0, among them `loss`. It is compiled, so
   * what changes from step to step comes in as a scalar, and values of tensors are not read.
   */
  step(state: State, batch: Batch, scalars: { readonly [Name in keyof Scalars]: Scalar }): StepResult<State>;
  /** The scalars of a step, counted from 0, of a run of `steps`. */
  scalarsAt(step: number, steps: number): Scalars;
  /** The encoder that is saved, monitored, probed and embedded with: a part of the state. */
  encoderOf(state: State): SpectrogramEncoder;
  /** The encoder of `init(seed)` alone, where it can be drawn without the rest of the state. */
  initEncoder?(seed: number): SpectrogramEncoder;
  /** What is trained, for counting its numbers: a part of the state; the encoder by default. */
  trained?(state: State): TensorTree;
  /** The tensors of a batch: spectrograms (views x B, bins, frames), standardised; by default a {@link MaskedBatch}. */
  makeBatch?(spectrograms: Float32Array, mask: Mask, options: BatchShape): Batch;
  /** The collapses that the metrics of a step show, in words. A function of the metrics alone. */
  signsOfCollapse?(metrics: Readonly<Record<string, number>>): readonly string[];
  /** A state from a checkpoint and, in words, what came from where; without it a run cannot start from one. */
  load?(file: TensorFile, seed: number): Promise<{ readonly state: State; readonly words: string }>;
}

/** What the crops of a batch are like. */
export interface BatchShape {
  /** Frames of a crop. */
  readonly frames: number;
  /** The time patch at which its positions start. */
  readonly timeOffset: number;
}
