import * as tf from '@tensorflow/tfjs-core';

/**
 * A value that changes from step to step (a learning rate, a decay, a temperature): a number, or a scalar tensor inside
 * a step that is compiled, where a number would be frozen into the graph.
 */
export type Scalar = number | tf.Scalar;

/**
 * The scalar as a float32 tensor of rank 0; a tensor is returned as it is.
 *
 * @example
 * const scaled = tf.div(logits, asScalar(temperature));
 */
export function asScalar(value: Scalar): tf.Scalar {
  return typeof value === 'number' ? tf.scalar(value, 'float32') : value;
}
