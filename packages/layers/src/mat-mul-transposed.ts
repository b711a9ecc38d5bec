import { runFused } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** TensorFlow packs all of b again for every product, which few rows of a do not pay back; above this they do. */
const FEW = 1024;

/**
 * a bᵀ, inside an operation with a gradient of its own: the gradient of a dense layer's input.
 *
 * @param a (R, O).
 * @param b (I, O).
 * @returns (R, I).
 */
export function matMulTransposed(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const ours = a.shape[0]! <= FEW ? runFused('AudioSslMatMulTransposed', { a, b }) : undefined;
  return ours?.[0] ?? tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true);
}
