import type { MeanInterval } from './format.js';

/** What can be said of a difference: with certainty, or not. */
export type Verdict = 'higher' | 'lower' | 'no clear difference';

/** How a row differs from the baseline: same seeds, same folds, same clips. */
export interface Difference extends MeanInterval {
  /** Row minus baseline of each seed that both have. */
  readonly perSeed: readonly number[];
  /** 95 % interval of the mean difference over clips (or groups of clips), the seeds held fixed. */
  readonly clips: { readonly mean: number; readonly low: number; readonly high: number };
  readonly verdict: Verdict;
}

/** One pooling's figures of a row. */
export interface RowScore {
  /** Accuracy of each seed, in the order of `seeds`; null where the run is not done. */
  readonly perSeed: readonly (number | null)[];
  /** Mean over seeds with Student's 95 % interval; null where no seed is done. */
  readonly accuracy: MeanInterval | null;
  /** Null for the baseline itself, and where no seed is done. */
  readonly difference: Difference | null;
}

/** A figure that others have published for the same change. */
export interface Published {
  /** Row minus baseline, in points: averaged over their tasks, and on ESC-50 alone. */
  readonly average: number;
  readonly esc50: number;
  readonly source: string;
}

/** One run of a row. */
export interface SuiteRun {
  readonly seed: number;
  readonly folder: string;
  readonly done: boolean;
  /** Why it failed, where it did. */
  readonly failed?: string | undefined;
  /** Commands that repeat it alone. */
  readonly commands: readonly string[];
  /** What it ran with: steps, seed and standardisation are its own. */
  readonly config: object;
}

/** One row of the results. */
export interface RowResult {
  readonly name: string;
  /** Name of its folder. */
  readonly slug: string;
  /** How it differs from the baseline, such as `classification.weight 0.5 -> 0`. */
  readonly changes: readonly string[];
  /** Where the choice comes from. */
  readonly source?: string | undefined;
  readonly published?: Published | undefined;
  /** By pooling. */
  readonly scores: Readonly<Record<string, RowScore>>;
  /** What was remarked on the figures of its runs for a while, such as a collapse, seed by seed. */
  readonly notes: readonly string[];
  /** Mean seconds of training a run; null where none is done. */
  readonly trainingSeconds: number | null;
  /** Mean seconds of probing a run; null where none is done. */
  readonly probeSeconds: number | null;
  readonly runs: readonly SuiteRun[];
}

/** Everything that came of a suite of ablations. The first row is the baseline. */
export interface SuiteResults {
  readonly suite: string;
  readonly title: string;
  readonly command: string;
  /** When they were gathered, ISO 8601. */
  readonly created: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** Whether it is ESC-50 itself, so that published figures on it can be set beside these. */
  readonly esc50: boolean;
  readonly clips: number;
  readonly classes: number;
  /** How the folds were made, in words. */
  readonly folds: string;
  /** Accuracy of guessing, in [0, 1]. */
  readonly chance: number;
  /** Accuracy of a probe of log-mel statistics, in [0, 1]. */
  readonly logMel: number;
  /** Of every run. */
  readonly steps: number;
  readonly batchSize: number;
  readonly seeds: readonly number[];
  readonly poolings: readonly string[];
  /** Runs that are done, and all runs. */
  readonly done: number;
  readonly total: number;
  /** How runs were executed, in words. */
  readonly executor: string;
  readonly secondsSpent: number;
  /** Accuracy of the untrained encoder by pooling: what pretraining has to beat. */
  readonly randomStart: Readonly<Record<string, MeanInterval | null>>;
  readonly rows: readonly RowResult[];
  /** Where it ran, by name. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a report of a suite shows: its results, and what its run folders hold. */
export interface SuiteReport extends SuiteResults {
  /** The configuration of each row's first run as YAML, by the row's slug. */
  readonly configs: Readonly<Record<string, string>>;
  /** The log of each row's first run, one entry a step, by the row's slug; every entry has `step`. */
  readonly curves: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>>;
}

/**
 * Says in words how a difference compares with a published one.
 *
 * @param onEsc50 whether to compare with the figure on ESC-50, and not with the average over tasks
 * @example
 * compareWithPublished(difference, { average: -0.9, esc50: -1, source: 'MATPAC, Table I' }, true); // 'same direction'
 */
export function compareWithPublished(
  { verdict, mean }: Pick<Difference, 'verdict' | 'mean'>,
  { esc50, average }: Published,
  onEsc50: boolean,
): string {
  const same = Math.sign(mean) === Math.sign(onEsc50 ? esc50 : average);
  if (verdict === 'no clear difference')
    return same ? 'same direction, but smaller than the interval' : 'not seen: smaller than the interval';
  return same ? 'same direction' : 'the opposite';
}

/** Says how many seeds a mean is over, where not all are done. */
export function ofSeeds(
  { perSeed }: { readonly perSeed: readonly (number | null)[] },
  { seeds }: Pick<SuiteResults, 'seeds'>,
): string {
  const done = perSeed.filter((value) => value !== null).length;
  return done === seeds.length ? '' : `, ${done} of ${seeds.length} seeds`;
}

/** What a report says of its statistics, in both its forms. */
export function howToRead({ seeds, folds, clips, rows }: SuiteResults): readonly string[] {
  const compared = rows.length - 1;
  return [
    `Each run is pretrained without labels and probed by logistic regression on frozen features of ${clips} clips, in ${folds}. All rows share seeds, data order, folds, batch size and number of steps.`,
    seeds.length > 1
      ? `Accuracies and differences are means over ${seeds.length} seeds, or as many as are stated where runs are missing, with Student's 95 % interval: where the mean over many seeds lies. The differences are taken seed by seed.`
      : 'With one seed nothing can be said of how results vary with the seed; run more seeds for that. The verdict is from the interval over clips.',
    'The interval over clips is a paired bootstrap of the same difference, seeds held fixed: where the difference over many clips lies.',
    ...(seeds.length > 1
      ? [
          'A difference is called higher or lower where both intervals leave zero out; with one seed done, where that over clips does.',
        ]
      : []),
    compared > 1
      ? `${compared} rows are compared with the baseline: one interval in twenty misses by chance.`
      : 'One row is compared with the baseline.',
    "Random start is the baseline's untrained encoder; rows that change the encoder start from another.",
  ];
}
