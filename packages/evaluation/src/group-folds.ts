import { permutation, randomStream } from '@audio-ssl/params/random';
import { checkLength, rowsByGroup, type Groups } from './features.js';

/**
 * Assigns each clip to one of `k` folds so that a group is never split and every fold holds about the same share of
 * every class.
 *
 * Greedy: groups, the ones with the most uneven class counts first (ties in random order), each go to the fold that
 * leaves the class counts of the folds most even.
 *
 * @param groups the group of each clip; pass the clip's own number for plain stratified folds.
 * @param labels the class of each clip.
 * @param k number of folds, 2 or more, at most the number of groups.
 * @param seed of the order in which like groups are dealt out.
 * @returns the fold (0..k-1) of each clip.
 * @throws Error for fewer groups than folds.
 * @see scikit-learn's StratifiedGroupKFold, which deals groups out in the same way
 * @example
 * groupFolds(['violin', 'violin', 'cello', 'flute', 'oboe'], [0, 0, 0, 1, 1], 2, 0);
 */
export function groupFolds(groups: Groups, labels: ArrayLike<number>, k: number, seed: number): Int32Array {
  checkLength('groupFolds', 'labels', labels, groups.length);
  const members = rowsByGroup(groups);
  if (!(Number.isSafeInteger(k) && k >= 2 && k <= members.length)) {
    throw new Error(
      `groupFolds: expected a number of folds from 2 to the number of groups (${members.length}), got ${k}`,
    );
  }
  const classes = [...new Set(Array.from(labels))];
  const classIndex = new Map(classes.map((label, i) => [label, i]));
  const totals = new Float64Array(classes.length);
  const counts = members.map((rows) => {
    const perClass = new Float64Array(classes.length);
    for (const row of rows) perClass[classIndex.get(labels[row]!)!]!++;
    perClass.forEach((count, c) => (totals[c]! += count));
    return perClass;
  });

  const order = Array.from(permutation(members.length, randomStream(seed, 'folds')));
  const unevenness = counts.map(variance);
  order.sort((a, b) => unevenness[b]! - unevenness[a]!); // stable: ties keep their random order

  const shares = Array.from({ length: k }, () => new Float64Array(classes.length)); // of each class, per fold
  const sizes = new Float64Array(k);
  const folds = new Int32Array(groups.length);
  for (const group of order) {
    let best = { fold: 0, spread: Infinity };
    for (let fold = 0; fold < k; fold++) {
      const spread = classes.reduce((sum, _, c) => {
        if (counts[group]![c] === 0) return sum; // unchanged by this group, the same for every fold
        const added = shares.map((share, f) => share[c]! + (f === fold ? counts[group]![c]! / totals[c]! : 0));
        return sum + variance(added);
      }, 0);
      const better = spread < best.spread - 1e-12;
      const tied = Math.abs(spread - best.spread) <= 1e-12 && sizes[fold]! < sizes[best.fold]!;
      if (better || tied) best = { fold, spread };
    }
    for (let c = 0; c < classes.length; c++) shares[best.fold]![c]! += counts[group]![c]! / totals[c]!;
    sizes[best.fold]! += members[group]!.length;
    for (const row of members[group]!) folds[row] = best.fold;
  }
  return folds;
}

function variance(values: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
  }
  return squares / values.length - (sum / values.length) ** 2;
}
