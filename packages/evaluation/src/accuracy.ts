import { checkLabels, checkLength } from './features.js';

/**
 * The share of predictions equal to their label, in [0, 1].
 *
 * @throws Error for empty arrays or arrays of different length.
 * @example
 * accuracy([0, 1, 1], [0, 1, 0]); // 0.667
 */
export function accuracy(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkLength('accuracy', 'predictions', predictions, labels.length);
  if (labels.length === 0) throw new Error('accuracy: expected at least one clip, got none');
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) correct++;
  return correct / labels.length;
}

/**
 * How often each class was taken for each other: element `[label * classes + prediction]` counts clips.
 * Clips with a negative prediction (never tested) are left out.
 *
 * @returns (classes, classes) row-major, one row per true class.
 * @throws Error for labels or predictions that are no class.
 * @example
 * confusionMatrix([0, 1, 1], [0, 1, 0], 2); // [1, 1, 0, 1]
 */
export function confusionMatrix(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Int32Array {
  checkLength('confusionMatrix', 'predictions', predictions, labels.length);
  checkLabels('confusionMatrix', labels, classes);
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < labels.length; i++) {
    const prediction = predictions[i]!;
    if (prediction < 0) continue;
    if (!(Number.isSafeInteger(prediction) && prediction < classes)) {
      throw new Error(`confusionMatrix: the prediction of row ${i} is ${prediction}, expected 0..${classes - 1}`);
    }
    counts[labels[i]! * classes + prediction]!++;
  }
  return counts;
}
