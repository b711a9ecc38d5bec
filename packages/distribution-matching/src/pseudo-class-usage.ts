import { noGrad } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** How many pseudo-classes a batch uses; both are scalars. */
export type PseudoClassUsage = {
  /** exp(-Σ m log(m + 1e-7)) of the mean distribution m, as fairseq and MATPAC have it: from 1 (collapse to one class) to K. */
  readonly perplexity: tf.Scalar;
  /** The number of classes that are the most likely one of some token, int32. */
  readonly distinct: tf.Scalar;
};

/**
 * How many pseudo-classes the tokens of a batch use: the signs of collapse to look at during training. No gradient passes.
 *
 * @param probabilities (..., K), as a rule (B, M, K); each row sums to 1.
 * @returns the perplexity and the number of distinct most likely classes.
 * @example
 * const { perplexity, distinct } = pseudoClassUsage(sharpen(logits, center, 0.04));
 */
export function pseudoClassUsage(probabilities: tf.Tensor): PseudoClassUsage {
  return noGrad(() => {
    const pseudoClasses = probabilities.shape.at(-1)!;
    const rows = tf.reshape(probabilities, [-1, pseudoClasses]) as tf.Tensor2D;
    const mean = tf.mean(rows, 0);
    const entropy = tf.neg(tf.sum(tf.mul(mean, tf.log(tf.add(mean, 1e-7)))));
    const top = tf.argMax(rows, 1) as tf.Tensor1D;
    const count = tf.unsortedSegmentSum(tf.ones([rows.shape[0]]), top, pseudoClasses); // tokens of each class
    const used = tf.cast(tf.greater(count, 0), 'int32');
    return { perplexity: tf.exp(entropy) as tf.Scalar, distinct: tf.sum(used) as tf.Scalar };
  });
}
