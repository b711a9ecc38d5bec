import { pseudoClassUsage } from '@audio-ssl/distribution-matching';
import { l2Normalize } from '@audio-ssl/layers';
import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import type { StudentOutputs } from './matpac-loss.js';
import type { Targets } from './teacher-targets.js';

/**
 * How far tokens spread on the unit sphere: the standard deviation over tokens, sqrt(unbiased variance + 1e-6), of the
 * L2-normalised latents, averaged over channels. About 1/sqrt(D) when directions differ, near 0.001 when they have
 * collapsed to one (the authors' `var_z_m` and `var_z_hat_m`).
 *
 * @param latents (..., D).
 */
export function spread(latents: tf.Tensor): tf.Scalar {
  return tidy(() => {
    const rows = l2Normalize(tf.reshape(latents, [-1, latents.shape.at(-1)!])); // (R, D)
    const count = rows.shape[0]!;
    const { variance } = tf.moments(rows, 0);
    return tf.mean(tf.sqrt(tf.add(tf.mul(variance, count / Math.max(1, count - 1)), 1e-6)));
  });
}

/** The figures of one step: losses, and what shows a collapse. Scalars by name. */
export type MatpacMetrics = { readonly [name: string]: tf.Scalar };

/** The figures that follow from a forward pass. */
export function forwardMetrics(outputs: StudentOutputs, targets: Targets): MatpacMetrics {
  return tidy(() => {
    const { predictionLoss, classificationLoss, logits } = outputs;
    const metrics: Record<string, tf.Scalar> = {
      'loss/prediction': tf.mean(predictionLoss),
      'teacher/spread': spread(targets.raw),
      'student/spread': spread(outputs.predicted),
    };
    if (classificationLoss && logits && targets.probabilities) {
      const { perplexity, distinct } = pseudoClassUsage(targets.probabilities);
      metrics['loss/classification'] = tf.mean(classificationLoss);
      metrics['classes/perplexity'] = perplexity;
      metrics['classes/distinct'] = distinct;
      metrics['classes/confidence'] = tf.mean(tf.max(targets.probabilities, -1));
      const same = tf.equal(tf.argMax(logits, -1), tf.argMax(targets.probabilities, -1));
      metrics['classes/agreement'] = tf.mean(tf.cast(same, 'float32'));
    }
    return metrics;
  });
}
