import { asScalar, tidy, type Scalar } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { checkTemperature } from './sharpen.js';

/**
 * The teacher's distribution with every pseudo-class used alike: exp(logits / temperature), normalised in turn over the tokens of
 * each class and over the classes of each token (Sinkhorn & Knopp; SwAV, Caron et al. 2020, section 3.1; DINOv2's centring).
 *
 * Computed with logarithms, so that no row can underflow. The usual factors 1/K and 1/B cancel in the last normalisation.
 *
 * @param logits (..., K); all leading axes together are the tokens, as a rule B M.
 * @param temperature above 0.
 * @param iterations rounds of the two normalisations, 1 or more; 3 by default.
 * @returns (..., K); each row sums to 1, each class has nearly the same mass.
 * @throws Error for a temperature that is a number not above 0, and for iterations below 1.
 * @example
 * const targets = sinkhorn(project(teacherHead, latents), 0.07); // (B, M, K)
 */
export function sinkhorn(logits: tf.Tensor, temperature: Scalar, iterations = 3): tf.Tensor {
  checkTemperature('sinkhorn', temperature);
  if (!Number.isInteger(iterations) || iterations < 1) {
    throw new Error(`sinkhorn: expected 1 or more iterations, got ${iterations}; 3 is usual`);
  }
  return tidy(() => {
    let logs = tf.div(tf.reshape(logits, [-1, logits.shape.at(-1)!]), asScalar(temperature)); // (tokens, K)
    for (let i = 1; ; i++) {
      logs = tf.sub(logs, tf.logSumExp(logs, 0, true));
      if (i === iterations) return tf.reshape(tf.softmax(logs), logits.shape);
      logs = tf.logSoftmax(logs);
    }
  });
}
