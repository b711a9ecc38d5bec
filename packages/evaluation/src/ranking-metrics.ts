import { normalQuantile } from './quantiles.js';
import { checkLength } from './features.js';

/** Scores of several classes per clip, with which classes are present and which are known. All arrays are (rows, classes), row-major. */
export interface MultiLabelScores {
  /** Any numbers that grow with the belief in a class: logits or probabilities. */
  readonly scores: ArrayLike<number>;
  /** 1 where the clip has the class, 0 where it has not. */
  readonly values: ArrayLike<number>;
  /** 1 where the label is known, 0 where nobody said; such a place counts neither for nor against. Default: all known. */
  readonly known?: ArrayLike<number>;
  readonly classes: number;
}

/** A macro average: the mean over the classes for which the metric is defined. */
export interface MacroMetric {
  /** The mean; NaN when no class counts. */
  readonly mean: number;
  /** One value per class; NaN where the metric is not defined. */
  readonly perClass: Float64Array;
  /** How many classes the mean is over. */
  readonly counted: number;
}

/**
 * The average precision of one class: Σ (R_n - R_(n-1)) P_n over the distinct scores from the highest on, where R is
 * recall and P precision when everything down to that score is taken (scikit-learn's `average_precision_score`; no
 * interpolation). Clips of equal score come in together.
 *
 * @param scores one number per clip, higher for more belief.
 * @param labels 1 where the class is present, else 0.
 * @param weights how much each clip counts, 0 leaves it out. Default 1.
 * @returns a share in [0, 1]; NaN without a clip that has the class.
 * @throws Error for arrays of different length, NaN, or labels other than 0 and 1.
 * @see M. Zhu, Recall, Precision and Average Precision, University of Waterloo, working paper 2004-09
 * @example
 * averagePrecision([0.9, 0.8, 0.1], [1, 0, 1]); // 1/2 * 1 + 1/2 * 2/3 = 0.833
 */
export function averagePrecision(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  return rankedAveragePrecision(rank('averagePrecision', scores, labels, weights), weights);
}

/**
 * The area under the ROC curve of one class: the chance that a clip with the class scores above one without it, ties
 * counting half (the Mann-Whitney statistic; scikit-learn's `roc_auc_score`).
 *
 * @param scores as {@link averagePrecision}.
 * @param labels as {@link averagePrecision}.
 * @param weights as {@link averagePrecision}.
 * @returns a share in [0, 1], 0.5 for guessing; NaN unless some clip has the class and some clip has it not.
 * @throws Error as {@link averagePrecision}.
 * @see T. Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27, 2006, algorithm 3
 * @example
 * rocAuc([0.9, 0.8, 0.1], [1, 0, 1]); // 0.5
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): number {
  return rankedRocAuc(rank('rocAuc', scores, labels, weights), weights);
}

/**
 * The distance, in standard deviations, of two unit-variance normal distributions of scores that would have this area
 * under the ROC curve: d' = √2 Φ⁻¹(AUC), Φ⁻¹ being the quantile function of the standard normal distribution.
 *
 * @param auc in [0, 1]; 0.5 gives 0, 1 gives Infinity.
 * @throws Error outside [0, 1].
 * @see J. Gemmeke et al., Audio Set, ICASSP 2017, section 4 (d-prime beside mAP and AUC)
 * @example
 * dPrime(0.95); // 2.326
 */
export function dPrime(auc: number): number {
  if (!(auc >= 0 && auc <= 1)) throw new Error(`dPrime: expected an area under the ROC curve in [0, 1], got ${auc}`);
  return Math.SQRT2 * normalQuantile(auc);
}

/**
 * Macro mAP: the mean over classes of {@link averagePrecision}, each over the clips whose label for that class is known
 * (for OpenMIC: `average_precision_score` with the mask as sample weights). A class that no known clip has is left out.
 *
 * @throws Error for arrays that do not fit, NaN, or values other than 0 and 1.
 * @example
 * meanAveragePrecision({ scores: logits, values, known, classes: 20 }).mean;
 */
export function meanAveragePrecision(all: MultiLabelScores): MacroMetric {
  return macro(rankClasses('meanAveragePrecision', all), rankedAveragePrecision);
}

/**
 * The mean over classes of {@link rocAuc}, masked as {@link meanAveragePrecision}. A class that all or none of its known
 * clips have is left out.
 *
 * @throws Error as {@link meanAveragePrecision}.
 * @example
 * const { mean } = meanRocAuc({ scores: logits, values, classes: 50 });
 * dPrime(mean); // AudioSet's d'
 */
export function meanRocAuc(all: MultiLabelScores): MacroMetric {
  return macro(rankClasses('meanRocAuc', all), rankedRocAuc);
}

/** The clips of one class in order of falling score. */
interface Ranking {
  /** Row numbers. */
  readonly rows: Int32Array;
  /** 1 where the clip at that place has the class. */
  readonly positive: Uint8Array;
  /** 1 where the next clip has a lower score (or there is none): here a threshold can lie. */
  readonly ends: Uint8Array;
}

/** The macro metric for other weights of the clips without sorting again: what a bootstrap needs. */
export function rankClasses(caller: string, { scores, values, known, classes }: MultiLabelScores): readonly Ranking[] {
  if (!(Number.isSafeInteger(classes) && classes >= 1 && scores.length % classes === 0 && scores.length > 0)) {
    throw new Error(`${caller}: expected scores (rows, ${classes}), got ${scores.length} of them`);
  }
  checkSame(caller, 'values', values, scores);
  if (known) {
    checkSame(caller, 'known', known, scores);
    const bad = Array.from(known).findIndex((value) => value !== 0 && value !== 1);
    if (bad >= 0) {
      const place = `row ${Math.floor(bad / classes)}, class ${bad % classes}`;
      throw new Error(`${caller}: the value in known of ${place} is ${known[bad]}, expected 0 or 1`);
    }
  }
  const rows = scores.length / classes;
  return Array.from({ length: classes }, (_, c) => {
    const column = (from: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: rows }, (__, row) => from[row * classes + c]!);
    return rank(caller, column(scores), column(values), known && column(known));
  });
}

/** The mean over classes of {@link averagePrecision} with the given weight of each clip. */
export function rankedMeanAveragePrecision(rankings: readonly Ranking[], weights?: ArrayLike<number>): number {
  return macro(rankings, rankedAveragePrecision, weights).mean;
}

function macro(
  rankings: readonly Ranking[],
  metric: (ranking: Ranking, weights?: ArrayLike<number>) => number,
  weights?: ArrayLike<number>,
): MacroMetric {
  const perClass = Float64Array.from(rankings, (ranking) => metric(ranking, weights));
  const defined = perClass.filter((value) => !Number.isNaN(value));
  const mean = defined.length === 0 ? NaN : defined.reduce((sum, value) => sum + value, 0) / defined.length;
  return { mean, perClass, counted: defined.length };
}

function rank(
  caller: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
): Ranking {
  checkLength(caller, 'labels', labels, scores.length);
  if (weights) checkLength(caller, 'weights', weights, scores.length);
  const kept: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (labels[row] !== 0 && labels[row] !== 1) {
      throw new Error(`${caller}: the label of row ${row} is ${labels[row]}, expected 0 or 1`);
    }
    if (weights && !(weights[row]! >= 0 && weights[row]! < Infinity)) {
      throw new Error(`${caller}: the weight of row ${row} is ${weights[row]}, expected 0 or more`);
    }
    if (Number.isNaN(scores[row])) throw new Error(`${caller}: the score of row ${row} is NaN`);
    if (!weights || weights[row]! > 0) kept.push(row);
  }
  const rows = Int32Array.from(kept).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return {
    rows,
    positive: Uint8Array.from(rows, (row) => labels[row]!),
    ends: Uint8Array.from(rows, (row, i) => (scores[row] === scores[rows[i + 1] ?? -1] ? 0 : 1)),
  };
}

function rankedAveragePrecision({ rows, positive, ends }: Ranking, weights?: ArrayLike<number>): number {
  let [taken, right, rightBefore, area] = [0, 0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const weight = weights ? weights[rows[i]!]! : 1;
    taken += weight;
    if (positive[i]) right += weight;
    if (!ends[i] || right === rightBefore) continue;
    area += ((right - rightBefore) * right) / taken;
    rightBefore = right;
  }
  return area / right; // 0 / 0 = NaN without a positive
}

function rankedRocAuc({ rows, positive, ends }: Ranking, weights?: ArrayLike<number>): number {
  let [right, wrong, area] = [0, 0, 0]; // weights of positives and negatives so far, and pairs in the right order
  let [tiedRight, tiedWrong] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const weight = weights ? weights[rows[i]!]! : 1;
    if (positive[i]) tiedRight += weight;
    else tiedWrong += weight;
    if (!ends[i]) continue;
    area += tiedWrong * (right + tiedRight / 2);
    right += tiedRight;
    wrong += tiedWrong;
    tiedRight = tiedWrong = 0;
  }
  return area / (right * wrong);
}

function checkSame(caller: string, name: string, values: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (values.length === scores.length) return;
  throw new Error(`${caller}: expected as many ${name} as scores, got ${values.length} for ${scores.length}`);
}
