import { bootstrapMetric, studentInterval, type BootstrapOptions, type Interval } from './bootstrap.js';
import {
  crossValidate,
  testedRows,
  type FoldResult,
  type ProbeRun,
  type ProbeSetting,
  type CrossValidationOptions,
} from './cross-validation.js';
import { multiLabel, type MultiLabels } from './objectives.js';
import {
  dPrime,
  meanAveragePrecision,
  meanRocAuc,
  rankClasses,
  rankedMeanAveragePrecision,
  type MacroMetric,
} from './ranking-metrics.js';

/** Options of {@link multiLabelProbe}. */
export interface MultiLabelProbeOptions extends CrossValidationOptions {
  readonly labels: MultiLabels;
  /** Resamples and level of the interval. */
  readonly bootstrap?: Pick<BootstrapOptions, 'resamples' | 'level'>;
}

/** What {@link multiLabelProbe} found. */
export interface MultiLabelResult {
  /** Macro mAP in [0, 1]: the mean over folds (one, as a rule) and seeds. */
  readonly meanAveragePrecision: number;
  /** Bootstrap interval of the macro mAP over clips, or over groups when given, with the first seed. */
  readonly interval: Interval;
  /** The macro mAP of each seed. */
  readonly perSeed: readonly number[];
  /** The mean over seeds with Student's interval. Absent with one seed. */
  readonly seedInterval?: Interval;
  /** Average precision of each class in the first tested fold, with the first seed. */
  readonly averagePrecision: MacroMetric;
  /** The area under the ROC curve of each class there. */
  readonly rocAuc: MacroMetric;
  /** d' of the mean area. */
  readonly dPrime: number;
  /** (rows, classes), with the first seed; NaN for clips that are not tested. */
  readonly logits: Float32Array;
  readonly perFold: readonly FoldResult[];
  readonly chosen: readonly ProbeSetting[];
}

/**
 * Linear evaluation of frozen features where clips have several labels, some of which may be unknown (OpenMIC-2018):
 * logistic regression per class under one penalty, binary cross-entropy over the known labels alone, C (or what the protocol
 * leaves open) chosen by macro mAP inside the training clips. Otherwise as {@link linearProbe}.
 *
 * @throws Error for arrays that do not fit, NaN features, or no tested clip with any class.
 * @example
 * const { meanAveragePrecision, interval } = await multiLabelProbe({
 *   features, labels: { values, known }, classes: 20, folds, // folds: -1 train, 0 test
 * });
 */
export async function multiLabelProbe(options: MultiLabelProbeOptions): Promise<MultiLabelResult> {
  const { labels, classes, features, groups, seed = 0, bootstrap = {} } = options;
  for (const [name, values] of Object.entries(labels)) checkValues(name, values, features.rows, classes);
  const runs = await crossValidate('multiLabelProbe', options, multiLabel(labels, classes));

  const [first] = runs as [ProbeRun, ...ProbeRun[]];
  const tested = testedRows(options);
  const place = new Map(Array.from(tested, (row, i) => [row, i]));
  const folds = first.perFold.map(({ fold }) => {
    const rows = tested.filter((row) => options.folds[row] === fold);
    const pick = <T extends Float32Array | Uint8Array>(from: T): number[] =>
      Array.from(rows).flatMap((row) => Array.from(from.subarray(row * classes, (row + 1) * classes)));
    const all = {
      scores: pick(first.logits),
      values: pick(labels.values),
      ...(labels.known && { known: pick(labels.known) }),
      classes,
    };
    return {
      all,
      places: Int32Array.from(rows, (row) => place.get(row)!),
      rankings: rankClasses('multiLabelProbe', all),
    };
  });
  const interval = bootstrapMetric(
    tested.length,
    (weights) => {
      const perFold = folds.map(({ places, rankings }) =>
        rankedMeanAveragePrecision(
          rankings,
          Float64Array.from(places, (at) => weights[at]!),
        ),
      );
      return mean(perFold);
    },
    { ...bootstrap, seed, ...(groups ? { groups: Array.from(tested, (row) => groups[row]!) } : {}) },
  );
  const perSeed = runs.map(({ perFold }) => mean(perFold.map(({ score }) => score)));
  const rocAuc = meanRocAuc(folds[0]!.all);
  return {
    meanAveragePrecision: mean(perSeed),
    interval,
    perSeed,
    ...(perSeed.length > 1 && { seedInterval: studentInterval(perSeed, bootstrap.level) }),
    averagePrecision: meanAveragePrecision(folds[0]!.all),
    rocAuc,
    dPrime: rocAuc.counted > 0 ? dPrime(rocAuc.mean) : NaN,
    logits: first.logits,
    perFold: first.perFold,
    chosen: first.perFold.map(({ chosen }) => chosen),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkValues(name: string, values: Uint8Array | undefined, rows: number, classes: number): void {
  if (values === undefined) return;
  if (!(Number.isSafeInteger(classes) && classes >= 1 && values.length === rows * classes)) {
    throw new Error(`multiLabelProbe: expected ${rows} x ${classes} of labels.${name}, got ${values.length}`);
  }
  const at = values.findIndex((value) => value > 1);
  if (at >= 0) {
    throw new Error(
      `multiLabelProbe: labels.${name} of row ${Math.floor(at / classes)}, class ${at % classes} is ${values[at]}, expected 0 or 1`,
    );
  }
}
