import { hasFused, runFused } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** Up to this many rows of a our kernel is faster: TensorFlow packs all of b again for every product. */
const FEW = 1024;

/**
 * a bᵀ, inside an operation with a gradient of its own: the gradient of a dense layer's input.
 *
 * @param a (R, O).
 * @param b (I, O).
 * @returns (R, I).
 */
export function matMulTransposed(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return a.shape[0]! <= FEW && hasFused('matMulTransposed')
    ? runFused('matMulTransposed', { a, b })[0]
    : tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true);
}
