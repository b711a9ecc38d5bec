import { accuracy } from './accuracy.js';
import { checkFeatures, checkLabels, checkLength, type Features, type Groups } from './features.js';
import { buildIndex, searchWhere, type IndexOptions, type Neighbours } from './neighbour-index.js';

/** Options of {@link nearestNeighbours}. */
export interface NeighbourOptions extends IndexOptions {
  /** Neighbours per clip. Default 5. */
  readonly k?: number;
  /** Clips of the same group are not counted as neighbours (pass the folds here for a cross-validated k-NN). */
  readonly groups?: Groups;
}

/**
 * The k clips with the highest cosine similarity to each clip, the clip itself left out. For vectors that are not among the
 * features, see {@link search}.
 *
 * @throws Error for NaN features or k out of range.
 * @example
 * const { indices, k } = await nearestNeighbours(features, { k: 3 });
 * const nearestToTheFirst = indices.subarray(0, k);
 */
export async function nearestNeighbours(features: Features, options: NeighbourOptions = {}): Promise<Neighbours> {
  const { k = 5, groups, ...indexOptions } = options;
  checkFeatures('nearestNeighbours', features);
  const { rows } = features;
  if (groups) checkLength('nearestNeighbours', 'groups', groups, rows);
  if (!(Number.isSafeInteger(k) && k >= 1 && k < rows)) {
    throw new Error(`nearestNeighbours: expected k from 1 to ${rows - 1} (one less than the clips), got ${k}`);
  }
  const index = buildIndex(features, indexOptions);
  try {
    return await searchWhere(index, features, k, (i, j) => i !== j && !(groups && groups[i] === groups[j]));
  } finally {
    index.dispose();
  }
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
