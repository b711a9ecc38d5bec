import * as tf from '@tensorflow/tfjs-core';
import type { Random } from './random.js';

function fill(shape: readonly number[], next: () => number): tf.Tensor {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i++) values[i] = next();
  return tf.tensor(values, [...shape], 'float32');
}

// Box and Muller, one of the pair: a draw takes two numbers, whatever its parameters.
const gaussian = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/**
 * A tensor of zeros, float32.
 *
 * @example
 * const bias = zeros([192]);
 */
export function zeros(shape: readonly number[]): tf.Tensor {
  return tf.zeros([...shape]);
}

/**
 * A tensor of ones, float32.
 *
 * @example
 * const weight = ones([192]);
 */
export function ones(shape: readonly number[]): tf.Tensor {
  return tf.ones([...shape]);
}

/**
 * A tensor of numbers uniform in [-bound, bound), float32.
 *
 * @example
 * const bias = uniform([192], 1 / Math.sqrt(256), randomStream(1337, 'bias'));
 */
export function uniform(shape: readonly number[], bound: number, random: Random): tf.Tensor {
  return fill(shape, () => (2 * random() - 1) * bound);
}

/**
 * A tensor of normal numbers with mean 0 and standard deviation `std`, float32 (Box & Muller 1958).
 *
 * @example
 * const token = normal([1, 1, 192], 0.02, randomStream(1337, 'token'));
 */
export function normal(shape: readonly number[], std: number, random: Random): tf.Tensor {
  return fill(shape, () => gaussian(random) * std);
}

/**
 * A tensor of normal numbers with mean 0 and standard deviation `std`, float32; values beyond ±`limit` are drawn again.
 *
 * @param limit 2 by default, as in PyTorch's and timm's `trunc_normal_`.
 * @example
 * const kernel = truncatedNormal([192, 512], 0.02, randomStream(1337, 'kernel'));
 */
export function truncatedNormal(shape: readonly number[], std: number, random: Random, limit = 2): tf.Tensor {
  return fill(shape, () => {
    for (;;) {
      const value = gaussian(random) * std;
      if (Math.abs(value) <= limit) return value;
    }
  });
}

/**
 * A kernel of numbers uniform in ±sqrt(6 / (fanIn + fanOut)), float32 (Glorot & Bengio 2010, eq. 16).
 *
 * @param shape [in, out] of a dense kernel.
 * @throws Error for a shape that is not of rank 2.
 * @example
 * const kernel = xavierUniform([192, 768], randomStream(1337, 'kernel'));
 */
export function xavierUniform(shape: readonly number[], random: Random): tf.Tensor {
  const [fanIn, fanOut] = shape;
  if (shape.length !== 2 || fanIn === undefined || fanOut === undefined) {
    throw new Error(`xavierUniform: expected a shape [in, out], got [${shape}]`);
  }
  return uniform(shape, Math.sqrt(6 / (fanIn + fanOut)), random);
}
