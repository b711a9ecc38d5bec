import { crossEntropy } from '@audio-ssl/distribution-matching';
import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { adamW, globalNormScale, initMoments, warmupCosine, type Moments } from '@audio-ssl/optim';
import { cloneTree, randomStream, tidy, valueAndGrad, type Scalar } from '@audio-ssl/params';
import { encodeSpectrogram, frequencyConcat, type SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelOptions, OptimizerOptions } from './options.js';

/** How an encoder is fine-tuned. */
export interface FineTuneOptions {
  readonly model: Pick<ModelOptions, 'bins' | 'patch' | 'encoder'>;
  /** One class per clip (`softmax`: cross-entropy), or several (`sigmoid`: binary cross-entropy). */
  readonly activation: 'softmax' | 'sigmoid';
  readonly optimizer: OptimizerOptions;
}

/** An encoder with a linear layer on the feature that a linear probe takes. */
export type Classifier = SpectrogramEncoder & { readonly classifier: Dense };

/** A classifier in training. */
export type FineTuneState = { readonly student: Classifier; readonly moments: Moments<Classifier> };

/** What a step of fine-tuning sees. */
export type FineTuneBatch = {
  /** Standardised log-mel spectrograms (B, bins, frames). */
  readonly spectrogram: tf.Tensor;
  /** (B, K): 1 for the class or classes of a clip, else 0. */
  readonly targets: tf.Tensor;
};

/** What changes from step to step of fine-tuning. */
export type FineTuneScalars<Value = number> = {
  readonly learningRate: Value;
  /** The step itself, counted from 0, for AdamW's bias corrections. */
  readonly step: Value;
};

/**
 * A pretrained encoder with a new linear layer (Xavier-uniform, bias 0), ready to be trained as a whole.
 *
 * @param encoder copied; the caller keeps its own.
 * @param classes number of classes, 2 or more.
 * @param seed of the new layer.
 * @throws Error for fewer than 2 classes.
 * @example
 * const state = initFineTuning(weights, { classes: 50, model }, 0);
 */
export function initFineTuning(
  encoder: SpectrogramEncoder,
  { classes, model }: { readonly classes: number; readonly model: FineTuneOptions['model'] },
  seed: number,
): FineTuneState {
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new Error(`initFineTuning: expected 2 or more classes, got ${classes}`);
  }
  return tidy(() => {
    const { patch_embed, cls_token, encoder: blocks } = encoder; // a student has more, which is not trained here
    const width = (model.bins / model.patch[0]) * model.encoder.embedDim;
    const student: Classifier = {
      ...cloneTree({ patch_embed, cls_token, encoder: blocks }),
      classifier: initDense(width, classes, randomStream(seed, 'classifier')),
    };
    return { student, moments: initMoments(student) };
  });
}

/**
 * The logits of clips: the last layer, frequency patches side by side, mean over time, one linear layer.
 *
 * @param spectrogram (B, bins, frames), standardised, any number of frames.
 * @returns (B, K).
 * @example
 * const predicted = tf.argMax(classLogits(state.student, spectrogram, model), 1);
 */
export function classLogits(
  params: Classifier,
  spectrogram: tf.Tensor,
  { patch, encoder }: FineTuneOptions['model'],
): tf.Tensor2D {
  return tidy(() => {
    const { tokens, grid } = encodeSpectrogram(params, spectrogram, { patch, numHeads: encoder.numHeads });
    return dense(params.classifier, tf.mean(frequencyConcat(tokens, grid), 1)) as tf.Tensor2D;
  });
}

/**
 * One update of encoder and linear layer together: a pure function as {@link trainStep} is.
 *
 * @returns a function that borrows its arguments and gives a new state, the `loss` and the `gradient/norm`.
 * @example
 * const step = fineTuneStep({ model, activation: 'softmax', optimizer });
 * const { state: next, metrics } = step(state, batch, fineTuneSchedule(optimizer, steps)(0));
 */
export function fineTuneStep({ model, activation, optimizer }: FineTuneOptions) {
  return (
    state: FineTuneState,
    { spectrogram, targets }: FineTuneBatch,
    scalars: FineTuneScalars<Scalar>,
  ): { state: FineTuneState; metrics: { readonly [name: string]: tf.Scalar } } =>
    tidy(() => {
      const { value, grads } = valueAndGrad((student: Classifier) => {
        const logits = classLogits(student, spectrogram, model);
        const each =
          activation === 'softmax'
            ? crossEntropy(logits, targets, 1)
            : tf.sub(tf.softplus(logits), tf.mul(targets, logits));
        return { value: tf.mean(each), aux: {} };
      }, state.student);
      const { scale: gradientScale, norm } = globalNormScale(grads, optimizer.clipNorm);
      const { params: student, moments } = adamW(
        state.student,
        grads,
        state.moments,
        { ...scalars, gradientScale },
        optimizer,
      );
      return { state: { student, moments }, metrics: { loss: value, 'gradient/norm': norm } };
    });
}

/**
 * The scalars of each step of a fine-tuning of `steps` updates: linear warm-up, then half a cosine to 0.
 *
 * @example
 * const scalars = fineTuneSchedule(optimizer, 1000)(0);
 */
export function fineTuneSchedule(optimizer: OptimizerOptions, steps: number): (step: number) => FineTuneScalars {
  const { learningRate: peak, warmup } = optimizer;
  const learningRate = warmupCosine({ peak, warmup: Math.round(warmup * steps), total: steps });
  return (step) => ({ learningRate: learningRate(step), step });
}
