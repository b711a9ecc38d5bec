import * as tf from '@tensorflow/tfjs-core';
import { checkFeatures, type Features } from './features.js';
import { fitScaler, type Scaler } from './scaler.js';

/** Options of {@link buildIndex}. */
export interface IndexOptions {
  /**
   * Bring every dimension to zero mean and unit variance first, those of a query by the numbers of the index. Default
   * true: what all vectors share would otherwise make every cosine close to 1.
   */
  readonly standardize?: boolean;
}

/** Feature vectors that are ready to be searched. */
export interface NeighbourIndex {
  readonly rows: number;
  readonly dims: number;
  /** How a vector is scaled before it is compared. */
  readonly scaler: Scaler;
  /** (dims, rows): the scaled vectors, each of length 1, as columns; on the backend until {@link NeighbourIndex.dispose}. */
  readonly columns: tf.Tensor2D;
  /** Frees the vectors; the index cannot be searched any more. */
  dispose(): void;
}

/** The nearest vectors of every query, nearest first. */
export interface Neighbours {
  /** Row numbers, (queries, k) row-major; -1 where fewer than k vectors are eligible. */
  readonly indices: Int32Array;
  /** Cosine similarities in the same order; NaN where the index is -1. */
  readonly similarities: Float32Array;
  readonly k: number;
}

const ROWS_AT_ONCE = 512;

/**
 * Prepares feature vectors, one row each, for {@link search}: scaled, brought to length 1 and put on the backend.
 *
 * @returns the index, to be disposed by the caller.
 * @throws Error for features that are empty, of the wrong length, or hold NaN.
 * @example
 * const index = buildIndex(features);
 * const { indices } = await search(index, { data: embedding, rows: 1, dims: 768 }, 5);
 * index.dispose();
 */
export function buildIndex(features: Features, { standardize = true }: IndexOptions = {}): NeighbourIndex {
  checkFeatures('buildIndex', features);
  const { rows, dims } = features;
  const scaler = fitScaler(features, undefined, standardize ? 'standardize' : 'none');
  // Transposed here, once: transposed products are slow on wasm.
  const columns = tf.tidy(() => tf.transpose(tf.tensor2d(unitRows(scaler.apply(features)), [rows, dims])));
  return { rows, dims, scaler, columns, dispose: () => columns.dispose() };
}

/**
 * The k vectors of an index with the highest cosine similarity to each query, an exact search. Among equals the lower row
 * comes first. A vector of zeros (after scaling) has no direction: its similarity to every other is 0.
 *
 * @param query one row per query, of as many dimensions as the index.
 * @param k neighbours per query, 1 or more; where the index holds fewer, the places left over are -1 and NaN.
 * @returns indices and similarities, (queries, k) row-major.
 * @throws Error for a query of another width, empty or with NaN, and for k out of range.
 * @example
 * const { indices, similarities } = await search(index, { data: embedding, rows: 1, dims: 768 }, 5);
 * console.log(names[indices[0]], similarities[0]);
 */
export async function search(index: NeighbourIndex, query: Features, k: number): Promise<Neighbours> {
  checkFeatures('search', query);
  if (query.dims !== index.dims) {
    throw new Error(
      `search: expected queries of ${index.dims} dimensions, as the index has, got ${query.dims}; embed both with one model`,
    );
  }
  if (!(Number.isSafeInteger(k) && k >= 1)) {
    throw new Error(`search: expected k to be a whole number of 1 or more, got ${k}`);
  }
  return searchWhere(index, query, k, () => true);
}

/** {@link search} among the rows that `eligible` allows a query; nothing is checked. */
export async function searchWhere(
  { rows, dims, scaler, columns }: NeighbourIndex,
  query: Features,
  k: number,
  eligible: (query: number, row: number) => boolean,
): Promise<Neighbours> {
  const indices = new Int32Array(query.rows * k).fill(-1);
  const similarities = new Float32Array(query.rows * k).fill(NaN);
  const unit = unitRows(scaler.apply(query));
  for (let from = 0; from < query.rows; from += ROWS_AT_ONCE) {
    const to = Math.min(query.rows, from + ROWS_AT_ONCE);
    const block = tf.tidy(() => tf.matMul(tf.tensor2d(unit.slice(from * dims, to * dims), [to - from, dims]), columns)); // (to - from, rows)
    const values = await block.data<'float32'>();
    block.dispose();
    for (let i = from; i < to; i++) {
      insertLargest(values.subarray((i - from) * rows, (i - from + 1) * rows), (row) => eligible(i, row), {
        indices: indices.subarray(i * k, (i + 1) * k),
        similarities: similarities.subarray(i * k, (i + 1) * k),
      });
    }
  }
  return { indices, similarities, k };
}

/** Rows divided by their length; a row of zeros stays zero. */
function unitRows({ data, rows, dims }: Features): Float32Array {
  const unit = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    let squares = 0;
    for (let d = 0; d < dims; d++) squares += data[i * dims + d]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let d = 0; d < dims; d++) unit[i * dims + d] = data[i * dims + d]! * scale;
  }
  return unit;
}

/** Keeps the largest eligible values, largest first, the lower index first among equals. */
function insertLargest(
  values: Float32Array,
  eligible: (j: number) => boolean,
  kept: { readonly indices: Int32Array; readonly similarities: Float32Array },
): void {
  const k = kept.indices.length;
  for (let j = 0; j < values.length; j++) {
    const value = values[j]!;
    if ((kept.indices[k - 1]! >= 0 && value <= kept.similarities[k - 1]!) || !eligible(j)) continue;
    let at = k - 1;
    while (at > 0 && (kept.indices[at - 1]! < 0 || value > kept.similarities[at - 1]!)) {
      kept.indices[at] = kept.indices[at - 1]!;
      kept.similarities[at] = kept.similarities[at - 1]!;
      at--;
    }
    kept.indices[at] = j;
    kept.similarities[at] = value;
  }
}
