import { hasFused, runFused, tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { dense, requireInputDim, type Dense } from './dense.js';
import { gelu } from './gelu.js';
import { matMulTransposed } from './mat-mul-transposed.js';

/**
 * {@link gelu}({@link dense}(params, x)): the hidden layer of a transformer's MLP. Where the backend has a fused kernel,
 * bias and GELU are one pass over memory, and so is their gradient.
 *
 * @param params kernel (I, O) and bias (O).
 * @param x (..., I), float32.
 * @returns (..., O).
 * @throws Error when the last axis of x is not the kernel's first.
 * @example
 * const y = dense(fc2, denseGelu(fc1, tokens)); // the MLP of a block
 */
export function denseGelu(params: Dense, x: tf.Tensor): tf.Tensor {
  const { kernel, bias } = params;
  requireInputDim('denseGelu', kernel, x);
  if (!hasFused('biasGelu')) return tidy(() => gelu(dense(params, x)));
  const [inputDim, outputDim] = kernel.shape as [number, number];
  const op = tf.customGrad((...args) => {
    const [rows, w, b, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor, tf.GradSaveFunc];
    const product = tf.matMul(rows, w);
    save([rows, w, product, b]);
    return {
      value: runFused('biasGelu', { x: product, bias: b })[0],
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [r, k, z, c] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor];
        const [dz, db] = runFused('biasGeluGrad', { dy, x: z, bias: c });
        return [matMulTransposed(dz, k), tf.matMul(r, dz as tf.Tensor2D, true, false), db];
      },
    };
  });
  return tidy(() => {
    const rows = tf.reshape(x, [-1, inputDim]);
    return tf.reshape(op(rows, kernel, bias), [...x.shape.slice(0, -1), outputDim]);
  });
}
