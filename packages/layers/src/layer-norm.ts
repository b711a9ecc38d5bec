import { hasFused, ones, runFused, tidy, zeros } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** Scale and shift of a layer norm: weight (D), bias (D). */
export type LayerNorm = { readonly weight: tf.Tensor; readonly bias: tf.Tensor };

/**
 * A layer norm before training: scale 1 and shift 0.
 *
 * @param dim width D of a token.
 * @example
 * const norm = initLayerNorm(192);
 */
export function initLayerNorm(dim: number): LayerNorm {
  return { weight: ones([dim]), bias: zeros([dim]) };
}

/**
 * Layer normalisation over the last axis (Ba et al. 2016, eq. 4): (x - mean) / sqrt(variance + epsilon) * weight + bias,
 * with the biased variance and the gradient of the whole operation: with x̂ the normalised input, g = dy * weight and
 * means over the last axis, dx = (g - mean(g) - x̂ mean(g x̂)) / sqrt(variance + epsilon).
 *
 * @param params weight (D) and bias (D).
 * @param x (..., D), float32.
 * @param epsilon added to the variance; 1e-6 in timm's vision transformer and MATPAC.
 * @returns (..., D).
 * @throws Error when the last axis of x is not D.
 * @example
 * const normed = layerNorm(initLayerNorm(192), tokens); // (B, N, 192)
 */
export function layerNorm({ weight, bias }: LayerNorm, x: tf.Tensor, epsilon = 1e-6): tf.Tensor {
  const [dim] = weight.shape as [number];
  if (x.shape.at(-1) !== dim) throw new Error(`layerNorm: expected a last axis of ${dim}, got shape [${x.shape}]`);
  const op = hasFused('layerNorm') ? fused(epsilon) : composed(epsilon);
  return tidy(() => tf.reshape(op(tf.reshape(x, [-1, dim]), weight, bias), x.shape));
}

function fused(epsilon: number): (...args: tf.Tensor[]) => tf.Tensor {
  return tf.customGrad((...args) => {
    const [rows, w, b, save] = args as unknown as [tf.Tensor2D, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [value, mean, inverse] = runFused('layerNorm', { x: rows, weight: w, bias: b }, { epsilon });
    save([rows, w, mean, inverse]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, weight, m, i] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        return runFused('layerNormGrad', { dy, x, weight, mean: m, inverse: i });
      },
    };
  });
}

function composed(epsilon: number): (...args: tf.Tensor[]) => tf.Tensor {
  return tf.customGrad((...args) => {
    const [rows, w, b, save] = args as unknown as [tf.Tensor2D, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const centered = tf.sub(rows, tf.mean(rows, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), epsilon)); // (R, 1)
    const normed = tf.mul(centered, inverse);
    save([normed, inverse, w]);
    return {
      value: tf.add(tf.mul(normed, w), b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [n, inv, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const dyNormed = tf.mul(dy, n);
        const g = tf.mul(dy, scale);
        const along = tf.mean(tf.mul(dyNormed, scale), 1, true);
        const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), tf.mul(n, along)), inv);
        return [dx, tf.sum(dyNormed, 0), tf.sum(dy, 0)];
      },
    };
  });
}
