import { asScalar, tidy, type Scalar } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The running mean that {@link sharpen} subtracts: c = momentum · c + (1 - momentum) · mean of what was observed
 * (DINO, Caron et al. 2021, eq. 4).
 *
 * What is observed is the caller's choice: the teacher's logits in DINO, its probabilities in MATPAC.
 *
 * @param center (K); zeros before the first step.
 * @param observed (..., K), as a rule (B, M, K); the mean is over all leading axes.
 * @param momentum in [0, 1]; 0.9 in DINO and MATPAC.
 * @returns the new centre, (K); the caller disposes the old one.
 * @throws Error when the last axis of what was observed is not K, and for a number outside [0, 1].
 * @example
 * const next = updateCenter(center, teacherLogits, 0.9);
 */
export function updateCenter(center: tf.Tensor, observed: tf.Tensor, momentum: Scalar): tf.Tensor {
  if (typeof momentum === 'number' && !(momentum >= 0 && momentum <= 1)) {
    throw new Error(`updateCenter: expected a momentum in [0, 1], got ${momentum}; DINO uses 0.9`);
  }
  const pseudoClasses = observed.shape.at(-1);
  if (center.rank !== 1 || center.shape[0] !== pseudoClasses) {
    throw new Error(
      `updateCenter: expected a center of shape [${pseudoClasses}] for observed [${observed.shape}], got [${center.shape}]; ` +
        'is it from a head with another number of pseudo-classes?',
    );
  }
  return tidy(() => {
    const taken = typeof momentum === 'number' ? tf.scalar(1 - momentum) : tf.sub(1, asScalar(momentum));
    const mean = tf.mean(tf.reshape(observed, [-1, center.size]), 0);
    return tf.add(center, tf.mul(tf.sub(mean, center), taken));
  });
}
