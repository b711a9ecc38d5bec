import * as tf from '@tensorflow/tfjs-core';
import type { Random } from './random.js';

function fill(shape: readonly number[], next: () => number): tf.Tensor {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i++) values[i] = next();
  return tf.tensor(values, [...shape], 'float32');
}

// Box and Muller, one of the pair: a draw always takes two numbers, so draws after it do not depend on its parameters.
const gaussian = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): tf.Tensor {
  return tf.zeros([...shape]);
}

/** A tensor of ones. */
export function ones(shape: readonly number[]): tf.Tensor {
  return tf.ones([...shape]);
}

/** Uniform in [-bound, bound). */
export function uniform(shape: readonly number[], bound: number, random: Random): tf.Tensor {
  return fill(shape, () => (2 * random() - 1) * bound);
}

/** Normal with mean 0 and the given standard deviation. */
export function normal(shape: readonly number[], std: number, random: Random): tf.Tensor {
  return fill(shape, () => gaussian(random) * std);
}

/** Normal with mean 0 and standard deviation `std`, values beyond ±`limit` drawn again (default limit 2, as PyTorch's and timm's `trunc_normal_`). */
export function truncatedNormal(shape: readonly number[], std: number, random: Random, limit = 2): tf.Tensor {
  return fill(shape, () => {
    for (;;) {
      const value = gaussian(random) * std;
      if (Math.abs(value) <= limit) return value;
    }
  });
}

/**
 * Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010, eq. 16).
 *
 * @param shape [in, out] of a dense kernel.
 * @throws Error for a shape that is not of rank 2.
 */
export function xavierUniform(shape: readonly number[], random: Random): tf.Tensor {
  const [fanIn, fanOut] = shape;
  if (shape.length !== 2 || fanIn === undefined || fanOut === undefined) {
    throw new Error(`xavierUniform: expected a shape [in, out], got [${shape}]`);
  }
  return uniform(shape, Math.sqrt(6 / (fanIn + fanOut)), random);
}
