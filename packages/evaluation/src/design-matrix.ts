import * as tf from '@tensorflow/tfjs-core';
import type { Features } from './features.js';

/**
 * A direction in the space of linear classifiers W (D, K), together with the logits X W it gives on the training rows.
 *
 * With fewer rows than dimensions every W that training can reach is X^T A, so `coefficients` is A (N, K);
 * otherwise it is W itself (D, K). Everything the optimiser does is a linear combination, which keeps `image` right
 * without a product.
 */
export interface Vector {
  readonly coefficients: Float64Array;
  readonly bias: Float64Array;
  /** X W, (N, K), without the bias. */
  readonly image: Float64Array;
}

/** The training rows X (N, D), with the products that logistic regression needs. */
export interface DesignMatrix {
  readonly rows: number;
  readonly classes: number;
  zero(): Vector;
  /** Sets `into` to the vector X^T residual + shift * w, its bias to the column sums of the residual: a gradient. */
  gradient(residual: Float64Array, w: Vector, shift: number, into: Vector): Promise<void>;
  /** The inner product of W and W', biases included when `withBias`. */
  inner(u: Vector, v: Vector, withBias: boolean): number;
  /** Logits (rows of `features`, K) of other clips. */
  logits(w: Vector, features: Features): Promise<Float32Array>;
  dispose(): void;
}

/** Uploads the training rows, and their Gram matrix X X^T instead when there are fewer rows than dimensions. */
export function designMatrix({ data, rows, dims }: Features, classes: number): DesignMatrix {
  const dual = rows < dims;
  const size = dual ? rows : dims;
  const [x, transposed, gram] = tf.tidy(() => {
    const matrix = tf.tensor2d(data, [rows, dims]);
    const columns = tf.transpose(matrix); // once: transposed products are slow on wasm
    return [matrix, columns, dual ? tf.matMul(matrix, columns) : null];
  });

  const product = async (matrix: tf.Tensor2D, values: Float64Array, into: Float64Array): Promise<void> => {
    const result = tf.tidy(() =>
      tf.matMul(matrix, tf.tensor2d(Float32Array.from(values), [values.length / classes, classes])),
    );
    into.set(await result.data());
    result.dispose();
  };

  return {
    rows,
    classes,
    zero: () => ({
      coefficients: new Float64Array(size * classes),
      bias: new Float64Array(classes),
      image: new Float64Array(rows * classes),
    }),
    gradient: async (residual, w, shift, into) => {
      if (dual) into.coefficients.set(residual);
      else await product(transposed as tf.Tensor2D, residual, into.coefficients);
      for (let i = 0; i < into.coefficients.length; i++) into.coefficients[i]! += shift * w.coefficients[i]!;
      into.bias.fill(0);
      for (let at = 0; at < residual.length; at += classes) {
        for (let k = 0; k < classes; k++) into.bias[k]! += residual[at + k]!;
      }
      await product((dual ? gram : x) as tf.Tensor2D, into.coefficients, into.image);
    },
    inner: (u, v, withBias) =>
      dot(u.coefficients, dual ? v.image : v.coefficients) + (withBias ? dot(u.bias, v.bias) : 0),
    logits: async (w, features) => {
      const result = tf.tidy(() => {
        const coefficients = tf.tensor2d(Float32Array.from(w.coefficients), [size, classes]);
        const weights = dual ? tf.matMul(transposed as tf.Tensor2D, coefficients) : coefficients; // (D, K)
        const others = tf.tensor2d(features.data, [features.rows, dims]);
        return tf.add(tf.matMul(others, weights), tf.tensor1d(Float32Array.from(w.bias)));
      });
      const values = (await result.data()) as Float32Array;
      result.dispose();
      return values;
    },
    dispose: () => tf.dispose([x, transposed, gram]),
  };
}

/** `y += a * x` on every part. */
export function addScaled(y: Vector, a: number, x: Vector): void {
  for (const part of ['coefficients', 'bias', 'image'] as const) {
    const to = y[part];
    const from = x[part];
    for (let i = 0; i < to.length; i++) to[i]! += a * from[i]!;
  }
}

/** `y *= a` on every part. */
export function scale(y: Vector, a: number): void {
  for (const part of ['coefficients', 'bias', 'image'] as const) {
    const to = y[part];
    for (let i = 0; i < to.length; i++) to[i]! *= a;
  }
}

/** Sets `y` to `x`. */
export function copy(y: Vector, x: Vector): void {
  for (const part of ['coefficients', 'bias', 'image'] as const) y[part].set(x[part]);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
