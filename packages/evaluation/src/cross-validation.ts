import { permutation, randomStream } from '@audio-ssl/params/random';
import { designMatrix } from './design-matrix.js';
import { checkFeatures, checkLength, type Features, type Groups } from './features.js';
import { trainClassifier, type Clips, type TrainedClassifier } from './gradient-classifier.js';
import { groupFolds } from './group-folds.js';
import { logisticPath, type LogisticOptions } from './logistic-regression.js';
import type { Objective } from './objectives.js';
import {
  checkProtocol,
  probeProtocols,
  type ExactProtocol,
  type GradientCandidate,
  type GradientProtocol,
  type ProbeProtocol,
} from './probe-protocols.js';
import { fitScaler } from './scaler.js';

/** What every cross-validated probe takes, besides its labels. */
export interface CrossValidationOptions {
  readonly features: Features;
  readonly classes: number;
  /**
   * The fold of each clip; each fold is tested once with a probe trained on all other clips. A negative number marks a
   * clip that is only ever trained on, so -1 and 0 give one fixed split.
   */
  readonly folds: Int32Array;
  /** A fold that is never tested or trained on: its clips choose the settings and stop the training, as a given validation split. */
  readonly validationFold?: number;
  /** The group of each clip: a group in two folds is an error, and whole groups are drawn for the interval. */
  readonly groups?: Groups;
  /** Default `probeProtocols.exact`. */
  readonly protocol?: ProbeProtocol;
  /** Draws of the bootstrap, and of the inner folds where there are too few outer ones to use. Default 0. */
  readonly seed?: number;
  /** Called after each of `total` paths of fits. */
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
  /** Stops the probe: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What was chosen inside the training clips of a fold. */
export type ProbeSetting = { readonly C: number } | (GradientCandidate & { readonly epochs: number });

/** One tested fold. */
export interface FoldResult {
  readonly fold: number;
  readonly clips: number;
  /** Accuracy, or macro mAP where clips have several labels. */
  readonly score: number;
  readonly chosen: ProbeSetting;
}

/** One pass over the folds; a protocol with several seeds makes several. */
export interface ProbeRun {
  /** (rows, classes): what the classifier said of each clip while its fold was held out; NaN for clips that are not tested. */
  readonly logits: Float32Array;
  readonly perFold: readonly FoldResult[];
}

// Choosing C needs less precision than the final fit: scores settle long before the last digits of the weights do.
const CHOOSING = { tolerance: 2e-2, maxIterations: 200 };
const FINAL = { tolerance: 1e-3, maxIterations: 1000 };
const INNER_FOLDS = 4;
// The path over C ends where next to nothing of the loss is left. Scores must not end it: two folds share a path, and a
// score of the one would then decide how far the other may look, which is a word from its tested clips.
const FITTED = 0.03;

/** Tests every fold by the protocol. Neither scaler nor settings nor weights see a clip of the tested fold. */
export async function crossValidate(
  caller: string,
  task: CrossValidationOptions,
  objective: Objective,
): Promise<ProbeRun[]> {
  const { protocol = probeProtocols.exact } = task;
  checkTask(caller, task);
  checkProtocol(caller, protocol);
  return protocol.solver === 'lbfgs'
    ? [await exactRun(task, objective, protocol)]
    : gradientRuns(task, objective, protocol);
}

/** The rows that some run tests, in order. */
export function testedRows({ folds, validationFold }: CrossValidationOptions): Int32Array {
  return rowsWhere(folds, (fold) => fold >= 0 && fold !== validationFold);
}

async function exactRun(
  task: CrossValidationOptions,
  objective: Objective,
  protocol: ExactProtocol,
): Promise<ProbeRun> {
  const { signal } = task;
  const grid = [...protocol.grid].sort((a, b) => a - b);
  const outer = outerFolds(task);
  const searches = grid.length > 1 ? innerSearches(task, objective, outer) : [];
  const progress = progressOf(task, searches.length + outer.length);

  const scores = new Map(outer.map((fold) => [fold, new Float64Array(grid.length)])); // NaN: not reached by some search
  for (const { train, checks } of searches) {
    const tested = Int32Array.from(checks.flatMap(({ rows }) => [...rows]));
    let at = 0;
    for await (const { logits, fitted } of fitPath(task, objective, protocol, train, tested, grid, {
      ...CHOOSING,
      signal,
    })) {
      let from = 0;
      for (const { fold, rows } of checks) {
        const end = from + rows.length;
        // Per validation fold, as a mean of scores, so that each fold weighs the same for both of its uses.
        scores.get(fold)![at]! += objective.score(logits.subarray(from * task.classes, end * task.classes), rows);
        from = end;
      }
      at++;
      if (fitted) break;
    }
    for (const { fold } of checks) scores.get(fold)!.fill(NaN, at);
    await progress();
  }

  const run = emptyRun(task);
  for (const fold of outer) {
    const { test, train } = split(task, fold);
    const C = grid[indexOfMax(scores.get(fold)!)]!;
    for await (const { logits } of fitPath(task, objective, protocol, train, test, [C], { ...FINAL, signal })) {
      run.add(fold, test, logits, objective.score(logits, test), { C });
    }
    await progress();
  }
  return run;
}

async function gradientRuns(
  task: CrossValidationOptions,
  objective: Objective,
  protocol: GradientProtocol,
): Promise<ProbeRun[]> {
  const outer = outerFolds(task);
  const progress = progressOf(task, outer.length * protocol.seeds.length);
  const runs: ProbeRun[] = [];
  for (const seed of protocol.seeds) {
    const run = emptyRun(task);
    const random = randomStream(seed, 'validation');
    for (const fold of outer) {
      const { test, train: all } = split(task, fold);
      const { train, validation } = splitForValidation(task, objective, protocol, fold, all, random);
      const scaler = fitScaler(task.features, train, protocol.standardize ? 'standardize' : 'none');
      const clips = (rows: Int32Array): Clips => ({ rows, features: scaler.apply(task.features, rows) });
      const [trained, held] = [clips(train), clips(validation)];
      const tried = protocol.draw
        ? [...permutation(protocol.candidates.length, random)].slice(0, protocol.draw)
        : protocol.candidates.keys();
      let best: { classifier: TrainedClassifier; candidate: GradientCandidate } | undefined;
      try {
        for (const i of tried) {
          const candidate = protocol.candidates[i]!;
          const weightSeed = Math.floor(random() * 2 ** 31);
          const classifier = await trainClassifier(
            trained,
            held,
            objective,
            task.classes,
            candidate,
            protocol,
            weightSeed,
            task.signal,
          );
          if (best && classifier.score <= best.classifier.score) classifier.dispose();
          else {
            best?.classifier.dispose();
            best = { classifier, candidate };
          }
        }
        const logits = await best!.classifier.logits(clips(test).features);
        const chosen = { ...best!.candidate, epochs: best!.classifier.epochs };
        run.add(fold, test, logits, objective.score(logits, test), chosen);
      } finally {
        best?.classifier.dispose();
      }
      await progress();
    }
    runs.push(run);
  }
  return runs;
}

function splitForValidation(
  task: CrossValidationOptions,
  { strata }: Objective,
  { validation }: GradientProtocol,
  fold: number,
  all: Int32Array,
  random: () => number,
): { train: Int32Array; validation: Int32Array } {
  const { folds, groups, validationFold } = task;
  const by = (held: (row: number) => boolean): { train: Int32Array; validation: Int32Array } => ({
    train: all.filter((row) => !held(row)),
    validation: all.filter(held),
  });
  if (validationFold !== undefined) {
    return { train: all, validation: rowsWhere(folds, (value) => value === validationFold) };
  }
  const outer = outerFolds(task);
  if (validation === 'nextFold' && outer.length >= 3) {
    const next = outer[(outer.indexOf(fold) + 1) % outer.length];
    return by((row) => folds[row] === next);
  }
  const share = validation === 'nextFold' ? 0.1 : validation.share;
  const unitOf = (row: number): string | number => (groups ? groups[row]! : row);
  const members = new Map<string | number, number[]>();
  for (const row of all) members.set(unitOf(row), [...(members.get(unitOf(row)) ?? []), row]);
  const units = [...members.values()];
  const classes = new Set(Array.from(all, (row) => strata[row]!)).size;
  const holdsAll = (rows: Int32Array): boolean => new Set(Array.from(rows, (row) => strata[row]!)).size === classes;
  for (let tries = 0; tries < 1000; tries++) {
    const drawn = new Set<number>();
    const seen = new Set<number>();
    const order = [...permutation(units.length, random)].map((i) => units[i]!);
    // First a unit for each class, which alone may be more than the share, then any until the share is full.
    for (const rows of order) {
      if (rows.every((row) => seen.has(strata[row]!))) continue;
      for (const row of rows) seen.add(strata[row]!);
      for (const row of rows) drawn.add(row);
    }
    for (const rows of order) {
      if (drawn.size >= share * all.length) break;
      for (const row of rows) drawn.add(row);
    }
    const parts = by((row) => drawn.has(row));
    if (holdsAll(parts.train) && holdsAll(parts.validation)) return parts;
  }
  throw new Error(
    `probe: found no random ${Math.round(100 * share)} % of the training clips of fold ${fold} that hold every class and ` +
      'leave every class to train on; give a validationFold, more clips, or a larger share',
  );
}

/** One path of fits on `train` serves the choice of C of each `fold` in `checks`, validated on those `rows`. */
interface Search {
  readonly train: Int32Array;
  readonly checks: readonly { readonly fold: number; readonly rows: Int32Array }[];
}

function innerSearches(task: CrossValidationOptions, { strata }: Objective, outer: readonly number[]): Search[] {
  const { folds, groups, validationFold, seed = 0 } = task;
  if (validationFold !== undefined) {
    const rows = rowsWhere(folds, (fold) => fold === validationFold);
    return outer.map((fold) => ({ train: split(task, fold).train, checks: [{ fold, rows }] }));
  }
  if (outer.length >= 3) {
    // Leaving out the folds a and b serves both: validated on b when a is the test fold, and the other way round.
    return outer.flatMap((a, i) =>
      outer.slice(i + 1).map((b) => ({
        train: rowsWhere(folds, (fold) => fold !== a && fold !== b),
        checks: [
          { fold: a, rows: rowsWhere(folds, (fold) => fold === b) },
          { fold: b, rows: rowsWhere(folds, (fold) => fold === a) },
        ],
      })),
    );
  }
  return outer.flatMap((fold) => {
    const { train } = split(task, fold);
    const trainGroups: Groups = Array.from(train, (row) => (groups ? groups[row]! : row));
    const k = Math.min(INNER_FOLDS, new Set(Array.from(trainGroups)).size);
    if (k < 2)
      throw new Error(`probe: fold ${fold} leaves one training group: too few to choose C; give a grid of one`);
    const trainStrata = Int32Array.from(train, (row) => strata[row]!);
    const inner = groupFolds(trainGroups, trainStrata, k, seed);
    return Array.from({ length: k }, (_, held) => ({
      train: train.filter((__, i) => inner[i] !== held),
      checks: [{ fold, rows: train.filter((__, i) => inner[i] === held) }],
    }));
  });
}

/** Fits `train` for each C and yields the logits of `test`, and whether next to nothing of the loss is left. */
async function* fitPath(
  { features, classes }: CrossValidationOptions,
  objective: Objective,
  { standardize }: ExactProtocol,
  train: Int32Array,
  test: Int32Array,
  grid: readonly number[],
  options: LogisticOptions,
): AsyncGenerator<{ logits: Float32Array; fitted: boolean }> {
  // The bias is free, so centring changes no prediction: it only spares the solver a long valley.
  const scaler = fitScaler(features, train, standardize ? 'standardize' : 'center');
  const held = scaler.apply(features, test);
  const design = await designMatrix(scaler.apply(features, train), classes);
  try {
    const loss = objective.loss(train);
    const unfitted = loss(new Float64Array(train.length * classes));
    for await (const fit of logisticPath(design, loss, grid, options)) {
      yield { logits: await design.logits(fit.weights, held), fitted: fit.loss < FITTED * unfitted };
    }
  } finally {
    design.dispose();
  }
}

function emptyRun({ features, classes }: CrossValidationOptions): ProbeRun & {
  add(fold: number, test: Int32Array, logits: Float32Array, score: number, chosen: ProbeSetting): void;
} {
  const all = new Float32Array(features.rows * classes).fill(NaN);
  const perFold: FoldResult[] = [];
  return {
    logits: all,
    perFold,
    add: (fold, test, logits, score, chosen) => {
      test.forEach((row, i) => all.set(logits.subarray(i * classes, (i + 1) * classes), row * classes));
      perFold.push({ fold, clips: test.length, score, chosen });
    },
  };
}

function progressOf({ onProgress }: CrossValidationOptions, total: number): () => Promise<void> {
  let done = 0;
  return async () => {
    onProgress?.({ done: ++done, total });
    // A macrotask, so that timers, Ctrl-C and messages of workers get their turn between the fits.
    await new Promise((resolve) => setTimeout(resolve));
  };
}

function outerFolds({ folds, validationFold }: CrossValidationOptions): number[] {
  return [...new Set(folds)].filter((fold) => fold >= 0 && fold !== validationFold).sort((a, b) => a - b);
}

function split(
  { folds, validationFold }: CrossValidationOptions,
  fold: number,
): { test: Int32Array; train: Int32Array } {
  return {
    test: rowsWhere(folds, (value) => value === fold),
    train: rowsWhere(folds, (value) => value !== fold && value !== validationFold),
  };
}

function rowsWhere(folds: Int32Array, wanted: (fold: number) => boolean): Int32Array {
  return Int32Array.from(folds.keys()).filter((row) => wanted(folds[row]!));
}

/** The first of the largest values, NaN never. */
function indexOfMax(values: Float64Array): number {
  return values.reduce((top, value, i) => (value > values[top]! ? i : top), 0);
}

/** Refuses arrays that do not fit, folds that leave nothing to train on, and groups in two folds. */
export function checkTask(caller: string, task: CrossValidationOptions): void {
  const { features, folds, groups, validationFold } = task;
  checkFeatures(caller, features);
  checkLength(caller, 'folds', folds, features.rows);
  if (validationFold !== undefined && !folds.includes(validationFold)) {
    throw new Error(`${caller}: no clip is in the validationFold ${validationFold}`);
  }
  const outer = outerFolds(task);
  if (outer.length === 0) throw new Error(`${caller}: no clip is in a fold to test (all folds are negative)`);
  for (const fold of outer) {
    if (split(task, fold).train.length > 0) continue;
    throw new Error(`${caller}: all clips are in one fold, nothing is left to train on; make folds with groupFolds`);
  }
  if (!groups) return;
  checkLength(caller, 'groups', groups, features.rows);
  const foldOf = new Map<string | number, number>();
  for (let row = 0; row < features.rows; row++) {
    const known = foldOf.get(groups[row]!) ?? folds[row]!;
    foldOf.set(groups[row]!, known);
    if (known !== folds[row]) {
      throw new Error(
        `${caller}: group ${groups[row]} is in the folds ${known} and ${folds[row]}, so it would be trained and ` +
          'tested on; make the folds with groupFolds',
      );
    }
  }
}
