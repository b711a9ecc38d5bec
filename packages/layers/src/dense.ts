import { tidy, xavierUniform, zeros, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.js';
import { matMulTransposed } from './mat-mul-transposed.js';

/** An affine map: kernel (in, out), bias (out). */
export type Dense = { readonly kernel: tf.Tensor; readonly bias: tf.Tensor };

/**
 * A dense layer before training: a Xavier-uniform kernel and a bias of zeros.
 *
 * @param inputDim width I of the input.
 * @param outputDim width O of the output.
 * @param random uniform numbers in [0, 1).
 * @example
 * const layer = initDense(192, 768, randomStream(1337, 'fc1'));
 */
export function initDense(inputDim: number, outputDim: number, random: Random): Dense {
  return { kernel: xavierUniform([inputDim, outputDim], random), bias: zeros([outputDim]) };
}

/**
 * y = x W + b over the last axis, with the gradient of the whole operation: dx = dy Wᵀ, dW = xᵀ dy, db = Σ dy.
 *
 * One 2-D matrix product each way, whatever the leading axes, which is the fast path of every backend.
 *
 * @param params kernel (I, O) and bias (O).
 * @param x (..., I), float32.
 * @returns (..., O).
 * @throws Error when the last axis of x is not the kernel's first.
 * @example
 * const y = dense(initDense(192, 768, random), tokens); // (B, N, 192) -> (B, N, 768)
 */
export function dense({ kernel, bias }: Dense, x: tf.Tensor): tf.Tensor {
  requireInputDim('dense', kernel, x);
  const [inputDim, outputDim] = kernel.shape as [number, number];
  const op = tf.customGrad((...args) => {
    const [rows, w, b, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    save([rows, w]);
    return {
      value: tf.add(tf.matMul(rows, w), b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [r, k] = saved as [tf.Tensor2D, tf.Tensor2D];
        const d = dy as tf.Tensor2D;
        return [matMulTransposed(d, k), tf.matMul(r, d, true, false), columnSum(d)];
      },
    };
  });
  return tidy(() => {
    const rows = tf.reshape(x, [-1, inputDim]);
    return tf.reshape(op(rows, kernel, bias), [...x.shape.slice(0, -1), outputDim]);
  });
}

/** Refuses an input whose last axis is not the kernel's first. */
export function requireInputDim(caller: string, kernel: tf.Tensor, x: tf.Tensor): void {
  const [inputDim] = kernel.shape as [number];
  if (x.shape.at(-1) === inputDim) return;
  throw new Error(
    `${caller}: expected a last axis of ${inputDim} for a kernel [${kernel.shape}], got shape [${x.shape}]`,
  );
}
