import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The exact GELU (Hendrycks & Gimpel 2016): x Φ(x) = x/2 (1 + erf(x/√2)), with the gradient of the whole operation,
 * Φ(x) + x φ(x).
 *
 * @param x any shape, float32.
 * @returns the shape of x.
 * @example
 * const hidden = gelu(dense(fc1, tokens));
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const cdf = tf.mul(tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1), 0.5);
    save([input, cdf]);
    return {
      value: tf.mul(input, cdf),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [u, phi] = saved as [tf.Tensor, tf.Tensor];
        const density = tf.mul(tf.exp(tf.mul(tf.square(u), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(phi, tf.mul(u, density)));
      },
    };
  });
  return tidy(() => op(x));
}
