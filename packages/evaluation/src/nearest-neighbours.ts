import * as tf from '@tensorflow/tfjs-core';
import { accuracy } from './accuracy.js';
import { checkFeatures, checkLabels, checkLength, type Features, type Groups } from './features.js';
import { fitScaler } from './scaler.js';

/** Options of {@link nearestNeighbours}. */
export interface NeighbourOptions {
  /** Neighbours per clip. Default 5. */
  readonly k?: number;
  /** Clips of the same group are not counted as neighbours (pass the folds here for a cross-validated k-NN). */
  readonly groups?: Groups;
  /**
   * Bring every dimension to zero mean and unit variance first. Default true: what all vectors share would otherwise
   * make every cosine close to 1.
   */
  readonly standardize?: boolean;
}

/** The nearest clips of every clip, nearest first. */
export interface Neighbours {
  /** Row numbers, (rows, k) row-major; -1 where fewer than k clips are eligible. */
  readonly indices: Int32Array;
  /** Cosine similarities in the same order; NaN where the index is -1. */
  readonly similarities: Float32Array;
  readonly k: number;
}

const ROWS_AT_ONCE = 512;

/**
 * The k clips with the highest cosine similarity to each clip, the clip itself left out.
 *
 * @throws Error for NaN features or k out of range.
 * @example
 * const { indices, k } = await nearestNeighbours(features, { k: 3 });
 * const nearestToTheFirst = indices.subarray(0, k);
 */
export async function nearestNeighbours(features: Features, options: NeighbourOptions = {}): Promise<Neighbours> {
  const { k = 5, groups, standardize = true } = options;
  checkFeatures('nearestNeighbours', features);
  const { rows, dims } = features;
  if (groups) checkLength('nearestNeighbours', 'groups', groups, rows);
  if (!(Number.isSafeInteger(k) && k >= 1 && k < rows)) {
    throw new Error(`nearestNeighbours: expected k from 1 to ${rows - 1} (one less than the clips), got ${k}`);
  }
  const unit = unitRows(standardize ? fitScaler(features).apply(features) : features);
  const indices = new Int32Array(rows * k).fill(-1);
  const similarities = new Float32Array(rows * k).fill(NaN);
  const all = tf.tensor2d(unit, [rows, dims]);
  const columns = tf.transpose(all); // once: transposed products are slow on wasm
  try {
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, rows - from);
      const block = tf.tidy(() => tf.matMul(tf.slice(all, [from, 0], [count, dims]), columns)); // (count, rows)
      const values = await block.data();
      block.dispose();
      for (let i = 0; i < count; i++) {
        const self = from + i;
        const eligible = (j: number): boolean => j !== self && !(groups && groups[j] === groups[self]);
        insertLargest(values.subarray(i * rows, (i + 1) * rows) as Float32Array, eligible, {
          indices: indices.subarray(self * k, (self + 1) * k),
          similarities: similarities.subarray(self * k, (self + 1) * k),
        });
      }
    }
  } finally {
    tf.dispose([all, columns]);
  }
  return { indices, similarities, k };
}

/** Options of {@link knnAccuracy}. */
export interface KnnOptions extends NeighbourOptions {
  readonly features: Features;
  /** The class of each clip, 0..classes-1. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  /**
   * A neighbour of cosine similarity s votes with exp(s / temperature), as in the k-NN of DINO (Caron et al. 2021, k 20,
   * temperature 0.07, there without standardising). Default: every neighbour has one vote.
   */
  readonly temperature?: number;
}

/**
 * Accuracy of classing each clip by the majority of its k nearest neighbours among the other clips
 * (of other `groups`, when given); a tie goes to the class with the larger sum of similarities.
 *
 * @returns the accuracy in [0, 1] and the predictions, -1 where no clip is eligible (counted as wrong).
 * @throws Error as {@link nearestNeighbours}, and for labels that are no class.
 * @example
 * const { accuracy } = await knnAccuracy({ features, labels, classes: 50, groups: folds, k: 10 });
 */
export async function knnAccuracy(options: KnnOptions): Promise<{ accuracy: number; predictions: Int32Array }> {
  const { features, labels, classes, temperature } = options;
  if (temperature !== undefined && !(temperature > 0)) {
    throw new Error(`knnAccuracy: expected a temperature above 0, got ${temperature}; DINO uses 0.07`);
  }
  checkLength('knnAccuracy', 'labels', labels, features.rows);
  checkLabels('knnAccuracy', labels, classes);
  const { indices, similarities, k } = await nearestNeighbours(features, options);
  const predictions = Int32Array.from({ length: features.rows }, (_, row) => {
    const votes = new Float64Array(classes);
    const weights = new Float64Array(classes);
    for (let i = row * k; i < (row + 1) * k && indices[i]! >= 0; i++) {
      // Relative to the nearest, so that no vote overflows.
      const vote = temperature === undefined ? 1 : Math.exp((similarities[i]! - similarities[row * k]!) / temperature);
      votes[labels[indices[i]!]!]! += vote;
      weights[labels[indices[i]!]!]! += similarities[i]!;
    }
    let best = -1;
    for (let c = 0; c < classes; c++) {
      if (votes[c] === 0) continue;
      if (best < 0 || votes[c]! > votes[best]! || (votes[c] === votes[best] && weights[c]! > weights[best]!)) best = c;
    }
    return best;
  });
  return { accuracy: accuracy(predictions, labels), predictions };
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
