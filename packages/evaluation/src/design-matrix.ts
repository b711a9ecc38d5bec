import * as tf from '@tensorflow/tfjs-core';
import type { Features } from './features.js';
import { leadingSubspace } from './leading-subspace.js';

/**
 * A gradient in the space of linear classifiers W (D, K), b (K). With fewer rows than dimensions every W that training
 * can reach is X^T A, so `coefficients` is A (N, K); otherwise it is W itself (D, K).
 */
export interface Gradient {
  readonly coefficients: Float64Array;
  readonly bias: Float64Array;
}

/**
 * A classifier or a direction between two, together with the logits X W it gives on the training rows. Everything the
 * optimiser does is a linear combination, which keeps `image` right without a product.
 */
export interface Vector extends Gradient {
  /** X W, (N, K), without the bias. */
  readonly image: Float64Array;
}

/** The training rows X (N, D), with the products that logistic regression needs. */
export interface DesignMatrix {
  readonly rows: number;
  readonly classes: number;
  zero(): Vector;
  zeroGradient(): Gradient;
  /** Sets `into` to X^T residual + shift * w, its bias to the column sums of the residual. */
  gradient(residual: Float64Array, w: Vector, shift: number, into: Gradient): Promise<void>;
  /**
   * Sets `into` to about (curvature * X^T X + shift)^-1 gradient, the bias divided by curvature * rows: the inverse of
   * a Hessian in which all clips weigh the same, exact in the leading directions of X and with a mean eigenvalue in the rest.
   */
  precondition(gradient: Gradient, curvature: number, shift: number, into: Vector): Promise<void>;
  /** The inner product with a gradient, biases included. */
  along(gradient: Gradient, v: Vector): number;
  /** The inner product of W and W', without the biases. */
  inner(u: Vector, v: Vector): number;
  /** Logits (rows of `features`, K) of other clips. */
  logits(w: Vector, features: Features): Promise<Float32Array>;
  dispose(): void;
}

const LEADING = 32; // 64 save a twentieth of the iterations and take longer to find

/** Uploads the training rows and their smaller square: the Gram matrix X X^T with fewer rows than dimensions, else X^T X. */
export async function designMatrix({ data, rows, dims }: Features, classes: number): Promise<DesignMatrix> {
  const dual = rows < dims;
  const size = dual ? rows : dims;
  const x = tf.tensor2d(data, [rows, dims]);
  const transposed: tf.Tensor2D = tf.transpose(x); // once: transposed products are slow on wasm
  const square: tf.Tensor2D = dual ? tf.matMul(x, transposed) : tf.matMul(transposed, x);
  const leading = await leadingSubspace(square, LEADING);
  const toImage = dual ? square : x;
  if (!dual) square.dispose();

  const upload = (values: Float64Array): tf.Tensor2D =>
    tf.tensor2d(Float32Array.from(values), [values.length / classes, classes]);

  return {
    rows,
    classes,
    zero: () => ({
      coefficients: new Float64Array(size * classes),
      bias: new Float64Array(classes),
      image: new Float64Array(rows * classes),
    }),
    zeroGradient: () => ({ coefficients: new Float64Array(size * classes), bias: new Float64Array(classes) }),
    gradient: async (residual, w, shift, into) => {
      const { coefficients, bias } = into;
      if (dual) coefficients.set(residual);
      else {
        const product = tf.tidy(() => tf.matMul(transposed, upload(residual)));
        coefficients.set(await product.data());
        product.dispose();
      }
      addTimes(coefficients, shift, w.coefficients);
      bias.fill(0);
      for (let at = 0; at < residual.length; at += classes) {
        for (let k = 0; k < classes; k++) bias[k]! += residual[at + k]!;
      }
    },
    precondition: async (gradient, curvature, shift, into) => {
      const rest = 1 / (curvature * leading.rest + shift);
      const factors = Float32Array.from(leading.values, (value) => 1 / (curvature * value + shift) - rest);
      const [coefficients, image] = tf.tidy(() => {
        const g = upload(gradient.coefficients);
        const inLeading = tf.mul(tf.matMul(leading.transposed, g), tf.tensor2d(factors, [factors.length, 1]));
        const solved = tf.add(tf.mul(g, rest), tf.matMul(leading.vectors, inLeading)) as tf.Tensor2D;
        return [solved, tf.matMul(toImage, solved)] as const;
      });
      into.coefficients.set(await coefficients.data());
      into.image.set(await image.data());
      tf.dispose([coefficients, image]);
      for (let k = 0; k < classes; k++) into.bias[k] = gradient.bias[k]! / (curvature * rows);
    },
    along: (gradient, v) => dot(gradient.coefficients, dual ? v.image : v.coefficients) + dot(gradient.bias, v.bias),
    inner: (u, v) => dot(u.coefficients, dual ? v.image : v.coefficients),
    logits: async (w, features) => {
      const result = tf.tidy(() => {
        const coefficients = upload(w.coefficients);
        const weights = dual ? tf.matMul(transposed, coefficients) : coefficients; // (D, K)
        const others = tf.tensor2d(features.data, [features.rows, dims]);
        return tf.add(tf.matMul(others, weights), tf.tensor1d(Float32Array.from(w.bias)));
      });
      const values = (await result.data()) as Float32Array;
      result.dispose();
      return values;
    },
    dispose: () => tf.dispose([x, transposed, square, leading.vectors, leading.transposed]),
  };
}

/** `y += a * x` on every part that both have. */
export function addScaled<V extends Gradient>(y: V, a: number, x: V): void {
  for (const [to, from] of partsOf(y, x)) addTimes(to, a, from);
}

/** Sets `y` to `a * x` on every part that both have. */
export function setScaled<V extends Gradient>(y: V, a: number, x: V): void {
  for (const [to, from] of partsOf(y, x)) for (let i = 0; i < to.length; i++) to[i] = a * from[i]!;
}

function partsOf(
  y: Gradient & Partial<Vector>,
  x: Gradient & Partial<Vector>,
): (readonly [Float64Array, Float64Array])[] {
  const parts: (readonly [Float64Array, Float64Array])[] = [
    [y.coefficients, x.coefficients],
    [y.bias, x.bias],
  ];
  if (y.image && x.image) parts.push([y.image, x.image]);
  return parts;
}

function addTimes(y: Float64Array, a: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += a * x[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
