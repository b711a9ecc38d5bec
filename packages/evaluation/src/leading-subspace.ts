import { randomStream } from '@audio-ssl/params/random';
import * as tf from '@tensorflow/tfjs-core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** The largest eigenvalues of a symmetric matrix with their eigenvectors, and the mean of the others. */
export interface LeadingSubspace {
  /** Orthonormal eigenvectors, (size, count), and the same transposed; the caller disposes both. */
  readonly vectors: tf.Tensor2D;
  readonly transposed: tf.Tensor2D;
  /** Falling. */
  readonly values: Float64Array;
  /** Mean of the remaining eigenvalues. */
  readonly rest: number;
}

/**
 * Approximates the leading eigenpairs of a positive semidefinite matrix by subspace iteration with a Rayleigh-Ritz step:
 * N. Halko, P. Martinsson and J. Tropp, Finding structure with randomness, SIAM Review 53, 2011, algorithms 4.4 and 5.3.
 */
export async function leadingSubspace(matrix: tf.Tensor2D, count: number): Promise<LeadingSubspace> {
  const size = matrix.shape[0];
  const wanted = Math.min(count, size);
  const random = randomStream(0, 'subspace');
  const times = async (vectors: readonly Float64Array[]): Promise<Float64Array[]> => {
    const product = tf.tidy(() => tf.matMul(rowsTensor(vectors, size), matrix)); // symmetric: rows instead of columns
    const values = await product.data();
    product.dispose();
    return vectors.map((_, i) => Float64Array.from(values.subarray(i * size, (i + 1) * size)));
  };

  let basis: Float64Array[] = Array.from({ length: wanted }, () =>
    Float64Array.from({ length: size }, () => random() - 0.5),
  );
  for (let round = 0; round < 2; round++) {
    basis = await times(basis);
    orthonormalize(basis);
  }
  const images = await times(basis);
  const projected = new Matrix(basis.map((u, i) => images.map((v, j) => (dot(u, v) + dot(basis[j]!, images[i]!)) / 2)));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(projected, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const values = Float64Array.from(order, (i) => Math.max(0, realEigenvalues[i]!));
  const rotated = order.map((i) => {
    const vector = new Float64Array(size);
    basis.forEach((u, j) => addTimes(vector, eigenvectorMatrix.get(j, i), u));
    return vector;
  });

  const diagonal = tf.tidy(() => tf.sum(tf.mul(matrix, tf.eye(size))));
  const trace = (await diagonal.data())[0]!;
  diagonal.dispose();
  const left = trace - values.reduce((sum, value) => sum + value, 0);
  const transposed = rowsTensor(rotated, size);
  return {
    vectors: tf.transpose(transposed),
    transposed,
    values,
    rest: Math.max(0, left / Math.max(1, size - wanted)),
  };
}

/** Gram-Schmidt in place, each vector twice for accuracy; a vector that depends on those before it becomes 0. */
function orthonormalize(vectors: readonly Float64Array[]): void {
  vectors.forEach((v, i) => {
    const before = Math.sqrt(dot(v, v));
    for (let twice = 0; twice < 2; twice++) for (let j = 0; j < i; j++) addTimes(v, -dot(vectors[j]!, v), vectors[j]!);
    const length = Math.sqrt(dot(v, v));
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let k = 0; k < v.length; k++) v[k]! *= scale;
  });
}

function rowsTensor(rows: readonly Float64Array[], size: number): tf.Tensor2D {
  const flat = new Float32Array(rows.length * size);
  rows.forEach((row, i) => flat.set(row, i * size));
  return tf.tensor2d(flat, [rows.length, size]);
}

function addTimes(y: Float64Array, a: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += a * x[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
