import * as tf from '@tensorflow/tfjs-core';

/**
 * `tf.tidy` for functions that return any object, array or tree of tensors: everything else that `f` makes is disposed.
 *
 * @example
 * const { mean, scale } = tidy(() => ({ mean: tf.mean(x), scale: tf.sqrt(tf.mean(tf.square(x))) }));
 */
export function tidy<T>(f: () => T): T {
  return tf.tidy(f as () => tf.TensorContainer) as T;
}
