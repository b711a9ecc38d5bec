import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { asScalar, noGrad, tidy, type Random, type Scalar } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { cosineDistance } from './token-losses.js';

/** Parallel linear maps from the predictor's output to the latents, one for each hypothesis. */
export type Hypotheses = readonly Dense[];

/**
 * The linear maps of the hypotheses before training: Xavier-uniform kernels, biases 0.
 *
 * @param options `inputDim`: width of the predictor; `outputDim`: of the latents; `count`: of hypotheses, 5 in MATPAC++.
 * @param random uniform numbers in [0, 1).
 * @throws Error for a count that is not a whole number above 0.
 * @example
 * const params = initHypotheses({ inputDim: 128, outputDim: 192, count: 5 }, random);
 */
export function initHypotheses(
  { inputDim, outputDim, count }: { readonly inputDim: number; readonly outputDim: number; readonly count: number },
  random: Random,
): Hypotheses {
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`initHypotheses: expected a count of 1 or more, got ${count}; MATPAC++ has 5`);
  }
  return Array.from({ length: count }, () => initDense(inputDim, outputDim, random));
}

/**
 * Every hypothesis for every masked token (MATPAC++, arXiv 2508.12709: the heads of multiple-choice learning).
 *
 * @param params H linear maps (I, D).
 * @param trunk the predictor's normed output, (..., I), as a rule (B, M, I).
 * @returns (..., H, D).
 * @throws Error when there is no hypothesis or the width of the trunk is not that of the maps.
 * @example
 * const predicted = hypotheses(params, trunk); // (B, M, 128) -> (B, M, 5, 192)
 */
export function hypotheses(params: Hypotheses, trunk: tf.Tensor): tf.Tensor {
  const outputDim = params[0]?.kernel.shape[1];
  if (outputDim === undefined)
    throw new Error('hypotheses: expected 1 or more linear maps, got none; see initHypotheses');
  return tidy(() => {
    // One matrix product for all: joining the kernels is cheaper than stacking the outputs.
    const kernel = tf.concat(
      params.map((map) => map.kernel),
      1,
    ); // (I, H D)
    const bias = tf.concat(
      params.map((map) => map.bias),
      0,
    );
    return tf.reshape(dense({ kernel, bias }, trunk), [...trunk.shape.slice(0, -1), params.length, outputDim]);
  });
}

/** What {@link hypothesesLoss} returns. */
export type HypothesesLoss = {
  /** The loss of every token, (B, M). */
  readonly loss: tf.Tensor;
  /** The hypothesis of least distance of every token, (B, M, D). */
  readonly best: tf.Tensor;
};

/**
 * The loss of annealed multiple-choice learning for every token: with l_j = 2 - 2 cos(hypothesis j, target), Σ_j w_j l_j where
 * w = softmax(-l / T) is a constant for the gradient; the least l_j alone once T is not above `hardBelow`
 * (MATPAC++, arXiv 2508.12709, eq. 1; annealed MCL, Perera et al. 2024).
 *
 * `best` is the hypothesis of least l_j, whatever T; a gradient through it reaches that hypothesis only. The target is a constant.
 *
 * @param predicted (B, M, H, D) from {@link hypotheses}.
 * @param target (B, M, D).
 * @param temperature T, a number or, in a compiled step, a scalar tensor; above 0, or the hard choice.
 * @param options `hardBelow`: 1e-4 by default.
 * @throws Error when the shapes do not fit and for a temperature that is NaN.
 * @example
 * const { loss, best } = hypothesesLoss(hypotheses(params, trunk), targets, 0.1);
 */
export function hypothesesLoss(
  predicted: tf.Tensor,
  target: tf.Tensor,
  temperature: Scalar,
  { hardBelow = 1e-4 }: { readonly hardBelow?: number } = {},
): HypothesesLoss {
  const hypothesesAxis = predicted.rank - 2;
  const tokens = predicted.shape.filter((_, axis) => axis !== hypothesesAxis);
  if (predicted.rank < 2 || !tf.util.arraysEqual(tokens, target.shape)) {
    throw new Error(
      `hypothesesLoss: expected hypotheses (..., H, D) for a target (..., D), got [${predicted.shape}] and [${target.shape}]; ` +
        'the axis of the hypotheses is the last but one',
    );
  }
  if (!(hardBelow > 0))
    throw new Error(`hypothesesLoss: expected hardBelow above 0, got ${hardBelow}; 1e-4 is MATPAC++'s`);
  if (Number.isNaN(temperature))
    throw new Error('hypothesesLoss: expected a temperature, got NaN; MATPAC++ goes from 0.1 down');
  return tidy(() => {
    const distances = cosineDistance(predicted, tf.expandDims(target, -2)); // (B, M, H)
    const { weights, choice } = noGrad(() => {
      const nearest = tf.argMin(distances, -1);
      const choice = tf.cast(tf.oneHot(nearest as tf.Tensor1D, predicted.shape[hypothesesAxis]!), 'float32');
      const t = asScalar(temperature);
      const soft = tf.softmax(tf.neg(tf.div(distances, tf.maximum(t, hardBelow))));
      // A blend with 0 or 1, not a branch: in a compiled step the temperature is not known yet.
      const annealing = tf.cast(tf.greater(t, hardBelow), 'float32');
      return { weights: tf.add(choice, tf.mul(annealing, tf.sub(soft, choice))), choice };
    });
    return { loss: tf.sum(tf.mul(weights, distances), -1), best: select(predicted, choice) };
  });
}

/** Σ_j choice_j x_j over the last axis but one, with the gradient choice_j dy. */
function select(x: tf.Tensor, choice: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const mask = tf.expandDims(choice, -1); // (B, M, H, 1)
    save([mask]);
    return {
      value: tf.sum(tf.mul(input, mask), -2),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.expandDims(dy, -2), saved[0]!),
    };
  });
  return op(x);
}
