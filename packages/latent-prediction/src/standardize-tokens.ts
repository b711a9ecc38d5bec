import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Every token with mean 0 and variance 1 over its channels: (z - mean) / √(variance + 1e-6), the variance over D - 1
 * (the targets of M2D, Niizumi et al. 2023; MAE's reconstruction target, He et al. 2022, section 3).
 *
 * @param target (..., D), D above 1.
 * @returns the shape of the target.
 * @throws Error for tokens of one channel.
 * @example
 * const loss = cosineLoss(predicted, standardizeTokens(targets));
 */
export function standardizeTokens(target: tf.Tensor): tf.Tensor {
  const width = target.shape.at(-1) ?? 1;
  if (width < 2) {
    throw new Error(
      `standardizeTokens: expected tokens of 2 or more channels, got shape [${target.shape}]; channels come last`,
    );
  }
  return tidy(() => {
    const centred = tf.sub(target, tf.mean(target, -1, true));
    const variance = tf.div(tf.sum(tf.square(centred), -1, true), width - 1);
    return tf.div(centred, tf.sqrt(tf.add(variance, 1e-6)));
  });
}
