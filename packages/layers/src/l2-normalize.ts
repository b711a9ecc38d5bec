import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * x / max(‖x‖₂, epsilon) over one axis, with the gradient of the whole operation: with u the result,
 * dx = (dy - u Σ dy u) / ‖x‖. A vector shorter than epsilon is divided by epsilon and its gradient is dy / epsilon.
 *
 * @param x any shape, float32.
 * @param options `axis`: of the vectors, the last one by default; `epsilon`: lower bound of the norm, 1e-12 as in
 *   PyTorch's `normalize`.
 * @returns the shape of x, of unit length over the axis.
 * @example
 * const directions = l2Normalize(latents); // (B, M, D)
 */
export function l2Normalize(x: tf.Tensor, { axis = -1, epsilon = 1e-12 } = {}): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const length = tf.sqrt(tf.sum(tf.square(input), axis, true));
    const inverse = tf.reciprocal(tf.maximum(length, epsilon));
    const unit = tf.mul(input, inverse);
    const onSphere = tf.cast(tf.greater(length, epsilon), 'float32');
    save([unit, inverse, onSphere]);
    return {
      value: unit,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [u, inv, mask] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const radial = tf.mul(tf.sum(tf.mul(dy, u), axis, true), mask);
        return tf.mul(tf.sub(dy, tf.mul(u, radial)), inv);
      },
    };
  });
  return tidy(() => op(x));
}
