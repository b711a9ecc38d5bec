import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy, maskedBinaryCrossEntropy, type Loss } from './losses.js';
import { rankClasses, rankedMeanAveragePrecision } from './ranking-metrics.js';

/** What a probe is to learn: one class per clip, or several with some of them unknown. */
export interface Objective {
  /** The summed loss of the given clips, for the exact solver. */
  loss(rows: Int32Array): Loss;
  /** The mean loss of the logits (rows, K) of the given clips, to be differentiated. */
  batchLoss(logits: tf.Tensor2D, rows: Int32Array): tf.Scalar;
  /** What validation goes by, higher for better, from the logits (rows, K) of the given clips. */
  score(logits: Float32Array, rows: Int32Array): number;
  /** What folds that are drawn are to hold even shares of. */
  readonly strata: Int32Array;
}

/** Labels of clips that may have several classes, and for which not every label need be known. */
export interface MultiLabels {
  /** (rows, classes) row-major: 1 where the clip has the class, 0 where it has not. */
  readonly values: Uint8Array;
  /** (rows, classes): 1 where the label is known. An unknown one counts nowhere. Default: all are known. */
  readonly known?: Uint8Array | undefined;
}

/** One class per clip: cross-entropy, validated by accuracy. */
export function singleLabel(labels: Int32Array, classes: number): Objective {
  const of = (rows: Int32Array): Int32Array => Int32Array.from(rows, (row) => labels[row]!);
  return {
    loss: (rows) => crossEntropy(of(rows), classes),
    batchLoss: (logits, rows) => {
      const right = tf.oneHot(tf.tensor1d(of(rows), 'int32'), classes);
      return tf.neg(tf.mean(tf.sum(tf.mul(right, tf.logSoftmax(logits)), 1))) as tf.Scalar;
    },
    score: (logits, rows) => {
      let right = 0;
      rows.forEach((row, i) => (right += largest(logits, i * classes, classes) === labels[row] ? 1 : 0));
      return right / rows.length;
    },
    strata: labels,
  };
}

/** Several classes per clip: binary cross-entropy over the labels that are known, validated by macro mAP. */
export function multiLabel({ values, known }: MultiLabels, classes: number): Objective {
  const pick = (from: Uint8Array, rows: Int32Array): Uint8Array => {
    const picked = new Uint8Array(rows.length * classes);
    rows.forEach((row, i) => picked.set(from.subarray(row * classes, (row + 1) * classes), i * classes));
    return picked;
  };
  const tensor = (from: Uint8Array, rows: Int32Array): tf.Tensor2D =>
    tf.tensor2d(Float32Array.from(pick(from, rows)), [rows.length, classes]);
  return {
    loss: (rows) => maskedBinaryCrossEntropy(pick(values, rows), known && pick(known, rows)),
    batchLoss: (logits, rows) => {
      const each = tf.sub(tf.softplus(logits), tf.mul(tensor(values, rows), logits));
      return tf.mean(known ? tf.mul(each, tensor(known, rows)) : each) as tf.Scalar;
    },
    score: (logits, rows) => {
      const picked = {
        scores: logits,
        values: pick(values, rows),
        ...(known && { known: pick(known, rows) }),
        classes,
      };
      const mean = rankedMeanAveragePrecision(rankClasses('multiLabelProbe', picked));
      return Number.isNaN(mean) ? 0 : mean; // validation clips without a class tell nothing
    },
    strata: new Int32Array(values.length / classes),
  };
}

/** The index of the largest of `count` values, the first one among equals, counted from `from`. */
export function largest(values: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[from + k]! > values[from + best]!) best = k;
  return best;
}
