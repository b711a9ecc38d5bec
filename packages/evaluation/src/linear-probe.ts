import { bootstrapInterval, studentInterval, type BootstrapOptions, type Interval } from './bootstrap.js';
import {
  crossValidate,
  testedRows,
  type FoldResult,
  type ProbeRun,
  type ProbeSetting,
  type CrossValidationOptions,
} from './cross-validation.js';
import { checkLabels, checkLength } from './features.js';
import { largest, singleLabel } from './objectives.js';

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions extends CrossValidationOptions {
  /** The class of each clip, 0..classes-1. */
  readonly labels: Int32Array;
  /** Resamples and level of the interval. */
  readonly bootstrap?: Pick<BootstrapOptions, 'resamples' | 'level'>;
}

/** What {@link linearProbe} found. */
export interface ProbeResult {
  /** Share of tested clips that were classed rightly, in [0, 1]; the mean over seeds where there are several. */
  readonly accuracy: number;
  /** Bootstrap interval of the accuracy over clips, or over groups when given: how it would vary with other clips. */
  readonly interval: Interval;
  /** The accuracy of each seed. */
  readonly perSeed: readonly number[];
  /** The mean over seeds with Student's interval: how it varies with the seed. Absent with one seed. */
  readonly seedInterval?: Interval;
  /** The mean of the accuracies of the folds, as ESC-50 and UrbanSound8K are reported; over all seeds. */
  readonly foldMean: number;
  /** The predicted class of every clip while its fold was held out, with the first seed; -1 for clips that are not tested. */
  readonly predictions: Int32Array;
  /** The share of seeds that classed each tested clip rightly, in the order of the clips; for {@link pairedBootstrap}. */
  readonly correct: Float64Array;
  /** With the first seed. */
  readonly perFold: readonly FoldResult[];
  /** What was chosen for each fold, in the order of `perFold`. */
  readonly chosen: readonly ProbeSetting[];
}

/**
 * Linear evaluation of frozen features with one label per clip, cross-validated over the given folds.
 *
 * By default (`probeProtocols.exact`) features are standardised on the training clips of each fold and classed by
 * multinomial logistic regression: scikit-learn's convention, minimise the sum of cross-entropies + ||W||^2 / (2 C), the
 * bias not penalised. C is chosen inside the training clips: with three or more folds each other training fold serves as
 * validation in turn, otherwise four inner folds are drawn (stratified, groups kept whole). A test clip is never seen by
 * the scaler, the choice of C or the fit. Ties go to the smaller C. The grid is walked upwards, and left when less than 3 % of
 * the loss without weights is left.
 *
 * Equal input and seed give the same result on the same backend.
 *
 * @throws Error for NaN features, labels that are no class, a class with no training clip in some fold, a group in two
 * folds, or a protocol that cannot be followed.
 * @example
 * const { accuracy, interval } = await linearProbe({ features, labels, classes: 50, folds });
 */
export async function linearProbe(options: LinearProbeOptions): Promise<ProbeResult> {
  checkClasses('linearProbe', options);
  const runs = await crossValidate('linearProbe', options, singleLabel(options.labels, options.classes));
  return summarize(options, runs);
}

/** The accuracy of runs over the same tested clips. */
export function summarize(options: LinearProbeOptions, runs: readonly ProbeRun[]): ProbeResult {
  const { labels, classes, groups, seed = 0, bootstrap = {} } = options;
  const tested = testedRows(options);
  const predicted = runs.map(({ logits }) => {
    const predictions = new Int32Array(labels.length).fill(-1);
    for (const row of tested) predictions[row] = largest(logits, row * classes, classes);
    return predictions;
  });
  const perSeed = predicted.map((predictions) => mean(tested, (row) => (predictions[row] === labels[row] ? 1 : 0)));
  const correct = Float64Array.from(tested, (row) =>
    mean(predicted, (classed) => (classed[row] === labels[row] ? 1 : 0)),
  );
  const interval = bootstrapInterval(correct, {
    ...bootstrap,
    seed,
    ...(groups ? { groups: Array.from(tested, (row) => groups[row]!) } : {}),
  });
  const { perFold } = runs[0]!;
  return {
    accuracy: interval.mean,
    interval,
    perSeed,
    ...(perSeed.length > 1 && { seedInterval: studentInterval(perSeed, bootstrap.level) }),
    foldMean: mean(runs, (run) => mean(run.perFold, ({ score }) => score)),
    predictions: predicted[0]!,
    correct,
    perFold,
    chosen: perFold.map(({ chosen }) => chosen),
  };
}

function mean<T>(values: ArrayLike<T> & Iterable<T>, of: (value: T) => number): number {
  let sum = 0;
  for (const value of values) sum += of(value);
  return sum / values.length;
}

/** Refuses labels that are no class, and classes without a training clip when some fold is tested. */
export function checkClasses(
  caller: string,
  { features, labels, classes, folds, validationFold }: LinearProbeOptions,
): void {
  checkLength(caller, 'labels', labels, features.rows);
  checkLength(caller, 'folds', folds, features.rows);
  checkLabels(caller, labels, classes);
  for (let label = 0; label < classes; label++) {
    const homes = new Set<number>();
    let clips = 0;
    for (let row = 0; row < features.rows; row++) {
      if (labels[row] !== label || folds[row] === validationFold) continue;
      homes.add(folds[row]!);
      clips++;
    }
    const [home] = homes;
    if (homes.size === 0 || (homes.size === 1 && home! >= 0 && new Set(folds).size > 1)) {
      throw new Error(
        `${caller}: class ${label} has ${clips} clip${clips === 1 ? '' : 's'}` +
          (clips === 0 ? '' : `, all in fold ${home}: no training clip is left when that fold is tested`) +
          '; leave the class out or make folds that spread it',
      );
    }
  }
}
