import { bootstrapInterval, type BootstrapOptions, type Interval } from './bootstrap.js';
import { designMatrix } from './design-matrix.js';
import { checkFeatures, checkLabels, checkLength, type Features, type Groups } from './features.js';
import { groupFolds } from './group-folds.js';
import { logisticPath, type LogisticOptions } from './logistic-regression.js';
import { fitScaler } from './scaler.js';

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  readonly features: Features;
  /** The class of each clip, 0..classes-1. */
  readonly labels: Int32Array;
  readonly classes: number;
  /**
   * The fold of each clip; each fold is tested once with a probe trained on all other clips. A negative number marks a
   * clip that is only ever trained on, so -1 and 0 give one fixed split.
   */
  readonly folds: Int32Array;
  /** The group of each clip: a group in two folds is an error, and whole groups are drawn for the interval. */
  readonly groups?: Groups;
  /** Values of C to choose from. Default {@link defaultGrid}. */
  readonly grid?: readonly number[];
  /** Draws of the bootstrap, and of the inner folds where there are too few outer ones to use. Default 0. */
  readonly seed?: number;
  /** Resamples and level of the interval. */
  readonly bootstrap?: Pick<BootstrapOptions, 'resamples' | 'level'>;
  /** Called after each of `total` paths of fits. */
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
  /** Stops the probe: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One tested fold. */
export interface FoldResult {
  readonly fold: number;
  readonly clips: number;
  readonly accuracy: number;
  /** The C that inner validation chose. */
  readonly C: number;
}

/** What {@link linearProbe} found. */
export interface ProbeResult {
  /** Share of tested clips that were classed rightly, in [0, 1]. */
  readonly accuracy: number;
  /** Bootstrap interval of the accuracy over clips, or over groups when given. */
  readonly interval: Interval;
  /** The predicted class of every clip while its fold was held out; -1 for clips that are only trained on. */
  readonly predictions: Int32Array;
  /** 1 for a right prediction, 0 for a wrong one, for the tested clips in order; for {@link pairedBootstrap}. */
  readonly correct: Uint8Array;
  readonly perFold: readonly FoldResult[];
  /** The C chosen for each fold, in the order of `perFold`. */
  readonly chosen: readonly number[];
}

/** The values of C that are tried by default: half decades from 1e-5 to 1. */
export const defaultGrid: readonly number[] = [-5, -4.5, -4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0].map((e) => 10 ** e);

// Choosing C needs less precision than the final fit: accuracies settle long before the last digits of the weights do.
const CHOOSING = { tolerance: 1e-2, maxIterations: 200 };
const FINAL = { tolerance: 2e-3, maxIterations: 1000 };
const INNER_FOLDS = 4;

/**
 * Linear evaluation of frozen features: multinomial logistic regression, cross-validated over the given folds.
 *
 * In each fold the features are standardised on the training clips, and C (scikit-learn's convention: minimise the sum
 * of cross-entropies + ||W||^2 / (2 C), the bias not penalised) is chosen inside the training clips: with three or more
 * folds each other training fold serves as validation in turn, otherwise four inner folds are drawn (stratified, groups
 * kept whole). A test clip is never seen by the scaler, the choice of C or the fit. Ties go to the smaller C.
 *
 * Equal input and seed give the same result on the same backend.
 *
 * @throws Error for NaN features, labels that are no class, a class with no training clip in some fold, a group in two
 * folds, or an empty grid.
 * @example
 * const { accuracy, interval } = await linearProbe({ features, labels, classes: 50, folds });
 */
export async function linearProbe(options: LinearProbeOptions): Promise<ProbeResult> {
  const { labels, folds, groups, seed = 0, bootstrap = {}, signal, onProgress } = options;
  const grid = [...(options.grid ?? defaultGrid)].sort((a, b) => a - b);
  check(options, grid);
  const outer = [...new Set(folds)].filter((fold) => fold >= 0).sort((a, b) => a - b);
  const rowsWhere = (wanted: (row: number) => boolean): Int32Array =>
    Int32Array.from(labels.keys()).filter((row) => wanted(row));

  const searches = innerSearches(options, outer, rowsWhere);
  const total = (grid.length > 1 ? searches.length : 0) + outer.length;
  let done = 0;
  const progress = async (): Promise<void> => {
    onProgress?.({ done: ++done, total });
    // A macrotask, so that timers, Ctrl-C and messages of workers get their turn between the fits.
    await new Promise((resolve) => setTimeout(resolve));
  };

  const scores = new Map(outer.map((fold) => [fold, new Float64Array(grid.length)]));
  if (grid.length > 1) {
    for (const { train, checks } of searches) {
      const tested = Int32Array.from(checks.flatMap(({ rows }) => [...rows]));
      let g = 0;
      for await (const predictions of fitPath(options, train, tested, grid, { ...CHOOSING, signal })) {
        let at = 0;
        for (const { fold, rows } of checks) {
          let right = 0;
          for (const row of rows) if (predictions[at++] === labels[row]) right++;
          // Per validation fold, as a mean of accuracies, so that each fold weighs the same for both of its uses.
          scores.get(fold)![g]! += right / rows.length;
        }
        g++;
      }
      await progress();
    }
  }

  const predictions = new Int32Array(labels.length).fill(-1);
  const perFold: FoldResult[] = [];
  for (const fold of outer) {
    const test = rowsWhere((row) => folds[row] === fold);
    const train = rowsWhere((row) => folds[row] !== fold);
    const best = scores.get(fold)!.reduce((top, score, i, all) => (score > all[top]! ? i : top), 0);
    let right = 0;
    for await (const found of fitPath(options, train, test, [grid[best]!], { ...FINAL, signal })) {
      test.forEach((row, i) => {
        predictions[row] = found[i]!;
        if (found[i] === labels[row]) right++;
      });
    }
    perFold.push({ fold, clips: test.length, accuracy: right / test.length, C: grid[best]! });
    await progress();
  }

  const tested = rowsWhere((row) => folds[row]! >= 0);
  const correct = Uint8Array.from(tested, (row) => (predictions[row] === labels[row] ? 1 : 0));
  const interval = bootstrapInterval(correct, {
    ...bootstrap,
    seed,
    ...(groups ? { groups: Array.from(tested, (row) => groups[row]!) } : {}),
  });
  return { accuracy: interval.mean, interval, predictions, correct, perFold, chosen: perFold.map(({ C }) => C) };
}

/** One path of fits on `train` serves the choice of C of each `fold` in `checks`, validated on those `rows`. */
interface Search {
  readonly train: Int32Array;
  readonly checks: readonly { readonly fold: number; readonly rows: Int32Array }[];
}

function innerSearches(
  { labels, folds, groups, seed = 0 }: LinearProbeOptions,
  outer: readonly number[],
  rowsWhere: (wanted: (row: number) => boolean) => Int32Array,
): Search[] {
  if (outer.length >= 3) {
    // Leaving out the folds a and b serves both: validated on b when a is the test fold, and the other way round.
    return outer.flatMap((a, i) =>
      outer.slice(i + 1).map((b) => ({
        train: rowsWhere((row) => folds[row] !== a && folds[row] !== b),
        checks: [
          { fold: a, rows: rowsWhere((row) => folds[row] === b) },
          { fold: b, rows: rowsWhere((row) => folds[row] === a) },
        ],
      })),
    );
  }
  return outer.flatMap((fold) => {
    const train = rowsWhere((row) => folds[row] !== fold);
    const trainGroups: Groups = Array.from(train, (row) => (groups ? groups[row]! : row));
    const k = Math.min(INNER_FOLDS, new Set(Array.from(trainGroups)).size);
    if (k < 2)
      throw new Error(`linearProbe: fold ${fold} leaves one training group: too few to choose C; pass a grid of one`);
    const trainLabels = Int32Array.from(train, (row) => labels[row]!);
    const inner = groupFolds(trainGroups, trainLabels, k, seed);
    return Array.from({ length: k }, (_, held) => ({
      train: train.filter((_, i) => inner[i] !== held),
      checks: [{ fold, rows: train.filter((_, i) => inner[i] === held) }],
    }));
  });
}

/** Fits `train` for each C and yields the predictions on `test`. */
async function* fitPath(
  { features, labels, classes }: LinearProbeOptions,
  train: Int32Array,
  test: Int32Array,
  grid: readonly number[],
  options: LogisticOptions,
): AsyncGenerator<Int32Array> {
  const scaler = fitScaler(features, train);
  const held = scaler.apply(features, test);
  const design = designMatrix(scaler.apply(features, train), classes);
  try {
    const trainLabels = Int32Array.from(train, (row) => labels[row]!);
    for await (const { weights } of logisticPath(design, trainLabels, grid, options)) {
      const logits = await design.logits(weights, held);
      yield Int32Array.from({ length: test.length }, (_, i) => largest(logits, i * classes, classes));
    }
  } finally {
    design.dispose();
  }
}

function largest(values: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[from + k]! > values[from + best]!) best = k;
  return best;
}

function check({ features, labels, classes, folds, groups }: LinearProbeOptions, grid: readonly number[]): void {
  checkFeatures('linearProbe', features);
  checkLength('linearProbe', 'labels', labels, features.rows);
  checkLength('linearProbe', 'folds', folds, features.rows);
  checkLabels('linearProbe', labels, classes);
  if (grid.length === 0 || !grid.every((C) => C > 0 && Number.isFinite(C))) {
    throw new Error(`linearProbe: expected values of C above 0 in grid, got [${grid.join(', ')}]`);
  }
  const outer = new Set(Array.from(folds).filter((fold) => fold >= 0));
  if (outer.size === 0) throw new Error('linearProbe: no clip is in a fold to test (all folds are negative)');
  if (new Set(folds).size === 1) {
    throw new Error('linearProbe: all clips are in one fold, nothing is left to train on; make folds with groupFolds');
  }
  if (groups) {
    checkLength('linearProbe', 'groups', groups, features.rows);
    const foldOf = new Map<string | number, number>();
    for (let row = 0; row < features.rows; row++) {
      const known = foldOf.get(groups[row]!) ?? folds[row]!;
      foldOf.set(groups[row]!, known);
      if (known !== folds[row]) {
        throw new Error(
          `linearProbe: group ${groups[row]} is in the folds ${known} and ${folds[row]}, so it would be trained and ` +
            'tested on; make the folds with groupFolds',
        );
      }
    }
  }
  for (let label = 0; label < classes; label++) {
    const homes = new Set<number>();
    let clips = 0;
    for (let row = 0; row < features.rows; row++) {
      if (labels[row] !== label) continue;
      homes.add(folds[row]!);
      clips++;
    }
    const [home] = homes;
    if (homes.size === 0 || (homes.size === 1 && home! >= 0)) {
      throw new Error(
        `linearProbe: class ${label} has ${clips} clip${clips === 1 ? '' : 's'}` +
          (clips === 0 ? '' : `, all in fold ${home}: no training clip is left when that fold is tested`) +
          '; leave the class out or make folds that spread it',
      );
    }
  }
}
