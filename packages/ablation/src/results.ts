import { pairedBootstrap, studentInterval, type Interval } from '@audio-ssl/evaluation';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@audio-ssl/experiment';
import { readRunNotes } from '@audio-ssl/experiment';
import type { Published } from './suites.js';
import type { PlannedRow, SuitePlan } from './plan.js';
import {
  isDone,
  type Prepared,
  type Probed,
  readResult,
  runCommands,
  runConfig,
  runFolder,
  type Task,
  taskFile,
} from './tasks.js';

/** A mean over seeds, with Student's 95 % interval where there are two seeds or more. */
export interface OverSeeds {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** What can be said of a difference: with certainty, or not. */
export type Verdict = 'higher' | 'lower' | 'no clear difference';

/** How a row differs from the baseline: same seeds, same folds, same clips. */
export interface Difference extends OverSeeds {
  /** Row minus baseline of each seed that both have. */
  readonly perSeed: readonly number[];
  /** 95 % bootstrap interval of the mean difference over clips (or groups of clips), the seeds as they are. */
  readonly clips: Interval;
  /** Clear where both intervals leave zero out; with one seed, where that over clips does. */
  readonly verdict: Verdict;
}

/** One pooling's figures of a row. */
export interface RowScore {
  /** Accuracy of each seed, in the order of `seeds`; null where the run is not done. */
  readonly perSeed: readonly (number | null)[];
  readonly accuracy: OverSeeds | null;
  /** Null for the baseline itself, and where no seed is done. */
  readonly difference: Difference | null;
}

/** One row of the results. */
export interface RowResult {
  readonly name: string;
  readonly slug: string;
  readonly changes: readonly string[];
  readonly source?: string | undefined;
  readonly published?: Published | undefined;
  /** By pooling. */
  readonly scores: Readonly<Record<string, RowScore>>;
  /** What was remarked on the figures of its runs for a while, such as a collapse, seed by seed. */
  readonly notes: readonly string[];
  /** Mean seconds of training and of probing a run. */
  readonly trainingSeconds: number | null;
  readonly probeSeconds: number | null;
  readonly runs: readonly {
    readonly seed: number;
    readonly folder: string;
    readonly done: boolean;
    /** Why it failed, where it did. */
    readonly failed?: string | undefined;
    /** Commands that repeat it alone. */
    readonly commands: readonly string[];
    /** What it ran with: steps, seed and standardisation are its own. */
    readonly config: Config;
  }[];
}

/** Everything that came of a suite; saved as `results.json`. */
export interface SuiteResults {
  readonly suite: string;
  readonly title: string;
  readonly command: string;
  readonly created: string;
  readonly dataset: string;
  /** Whether it is ESC-50 itself, so that published figures on it can be set beside these. */
  readonly esc50: boolean;
  readonly clips: number;
  readonly classes: number;
  readonly folds: string;
  readonly chance: number;
  /** Accuracy of a probe of log-mel statistics. */
  readonly logMel: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly seeds: readonly number[];
  readonly poolings: readonly string[];
  readonly done: number;
  readonly total: number;
  readonly executor: string;
  readonly secondsSpent: number;
  /** The untrained encoder: what pretraining has to beat. */
  readonly randomStart: Readonly<Record<string, OverSeeds | null>>;
  readonly rows: readonly RowResult[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Gathers what the tasks of a suite have left, whether all are done or not. */
export async function suiteResults(
  out: string,
  plan: SuitePlan,
  {
    steps,
    executor,
    secondsSpent,
    environment,
    failed,
  }: Pick<SuiteResults, 'steps' | 'executor' | 'secondsSpent' | 'environment'> & {
    /** Reasons by the name of a task's file. */
    readonly failed: ReadonlyMap<string, string>;
  },
): Promise<SuiteResults> {
  const prepared = await readResult<Prepared>(out, { kind: 'prepare' });
  const [baseline] = plan.rows as readonly [PlannedRow];
  const poolings = baseline.config.probe.pool;
  const read = async (task: Task): Promise<Probed | undefined> =>
    isDone(out, task) ? readResult<Probed>(out, task) : undefined;
  const runsOf = ({ slug: row }: PlannedRow): Promise<(Probed | undefined)[]> =>
    Promise.all(plan.seeds.map((seed) => read({ kind: 'run', row, seed })));
  const starts = await Promise.all(plan.seeds.map((seed) => read({ kind: 'start', seed })));
  const base = await runsOf(baseline);

  const rows = await Promise.all(
    plan.rows.map(async (row): Promise<RowResult> => {
      const runs = await runsOf(row);
      const scores = poolings.map((pooling): readonly [string, RowScore] => {
        const perSeed = runs.map((run) => run?.accuracy[pooling] ?? null);
        return [
          pooling,
          {
            perSeed,
            accuracy: overSeeds(perSeed.filter((value) => value !== null)),
            difference: row === baseline ? null : difference(runs, base, pooling, prepared.groups),
          },
        ];
      });
      const done = runs.filter((run) => run !== undefined);
      const mean = (of: (run: Probed) => number): number | null =>
        done.length === 0 ? null : done.reduce((sum, run) => sum + of(run), 0) / done.length;
      return {
        name: row.name,
        slug: row.slug,
        changes: row.changes,
        source: row.source,
        published: row.published,
        scores: Object.fromEntries(scores),
        notes: await notesOf(out, plan, row),
        trainingSeconds: mean(({ trainingSeconds }) => trainingSeconds),
        probeSeconds: mean(({ probeSeconds }) => probeSeconds),
        runs: plan.seeds.map((seed, i) => {
          const task = { kind: 'run', row: row.slug, seed } as const;
          return {
            seed,
            folder: runFolder(task),
            done: runs[i] !== undefined,
            failed: failed.get(taskFile(task)),
            commands: runCommands(out, plan, task),
            config: runConfig(row.config, { seed, steps, standardization: prepared.standardization }),
          };
        }),
      };
    }),
  );
  const all = rows.flatMap(({ runs }) => runs);
  return {
    suite: plan.suite,
    title: plan.title,
    command: plan.command,
    created: new Date().toISOString(),
    dataset: prepared.dataset,
    esc50: prepared.esc50,
    clips: prepared.clips,
    classes: prepared.classes,
    folds: prepared.folds,
    chance: prepared.chance,
    logMel: prepared.logMel,
    steps,
    batchSize: baseline.config.batchSize,
    seeds: plan.seeds,
    poolings,
    done: all.filter(({ done }) => done).length,
    total: all.length,
    executor,
    secondsSpent,
    randomStart: Object.fromEntries(
      poolings.map((pooling) => [
        pooling,
        overSeeds(starts.flatMap((start) => (start ? [start.accuracy[pooling] as number] : []))),
      ]),
    ),
    rows,
    environment,
  };
}

async function notesOf(out: string, { seeds }: SuitePlan, { slug: row }: PlannedRow): Promise<string[]> {
  const notes = await Promise.all(
    seeds.map(async (seed) => {
      const run = join(out, runFolder({ row, seed }));
      if (!existsSync(join(run, 'log.jsonl'))) return [];
      return (await readRunNotes(run)).map(({ note, from, to }) => `seed ${seed}: ${note}, steps ${from} to ${to}`);
    }),
  );
  return notes.flat();
}

/** The mean over seeds; its interval needs two. */
export function overSeeds(values: readonly number[]): OverSeeds | null {
  if (values.length === 0) return null;
  if (values.length > 1) return studentInterval(values);
  return { mean: values[0] as number, low: null, high: null };
}

/**
 * The paired difference of runs to the baseline's runs of the same seeds.
 *
 * @param groups of clips that a resample keeps whole
 */
export function difference(
  runs: readonly (Pick<Probed, 'accuracy' | 'correct'> | undefined)[],
  base: readonly (Pick<Probed, 'accuracy' | 'correct'> | undefined)[],
  pooling: string,
  groups?: readonly number[],
): Difference | null {
  const pairs = runs.flatMap((run, i) => {
    const other = base[i];
    return run && other ? [[run, other] as const] : [];
  });
  if (pairs.length === 0) return null;
  const perSeed = pairs.map(([run, other]) => (run.accuracy[pooling] as number) - (other.accuracy[pooling] as number));
  const mean = overSeeds(perSeed) as OverSeeds;
  const rightShare = (which: 0 | 1): Float64Array => {
    const all = pairs.map((pair) => pair[which].correct[pooling] as readonly number[]);
    return Float64Array.from(all[0] as readonly number[], (_, clip) => {
      return all.reduce((sum, correct) => sum + (correct[clip] as number), 0) / all.length;
    });
  };
  const clips = pairedBootstrap(rightShare(0), rightShare(1), groups ? { groups } : {});
  // Both, because a few seeds may agree by chance, which makes the interval over seeds arbitrarily narrow.
  const low = Math.min(clips.low, mean.low ?? Infinity);
  const high = Math.max(clips.high, mean.high ?? -Infinity);
  const verdict = low > 0 ? 'higher' : high < 0 ? 'lower' : 'no clear difference';
  return { ...mean, perSeed, clips, verdict };
}

/** How a difference stands to a published one. */
export function comparison({ verdict, mean }: Difference, { esc50, average }: Published, onEsc50: boolean): string {
  const published = onEsc50 ? esc50 : average;
  const same = Math.sign(mean) === Math.sign(published);
  if (verdict === 'no clear difference')
    return same ? 'same direction, but smaller than the interval' : 'not seen: smaller than the interval';
  return same ? 'same direction' : 'the opposite';
}
