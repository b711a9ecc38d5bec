import { pairedBootstrap, studentInterval } from '@audio-ssl/evaluation';
import { readRunLog, readRunNotes, readRunRecord } from '@audio-ssl/experiment';
import type { Difference, MeanInterval, RowResult, RowScore, SuiteReport, SuiteResults } from '@audio-ssl/report';
import { runFiles } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { PlannedRow, SuitePlan } from './plan.js';
import {
  isDone,
  type Prepared,
  type Probed,
  readResult,
  runCommands,
  runConfig,
  runFolder,
  type RunTask,
  type SuiteTask,
  taskFile,
} from './tasks.js';

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
  const read = async (task: SuiteTask): Promise<Probed | undefined> =>
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
          const task: RunTask = { kind: 'run', row: row.slug, seed };
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

/** The results with the curves and the configuration of each row's first run, for the reports. */
export async function suiteReport(out: string, results: SuiteResults): Promise<SuiteReport> {
  const { rows } = results;
  const curves = await Promise.all(
    rows.map(async ({ slug, runs: [first] }) => {
      const run = join(out, first?.folder ?? '');
      const log = existsSync(join(run, runFiles.config)) ? await readRunLog(run, await readRunRecord(run)) : [];
      return [slug, log] as const;
    }),
  );
  return {
    ...results,
    configs: Object.fromEntries(rows.map(({ slug, runs: [first] }) => [slug, stringify(first?.config)])),
    curves: Object.fromEntries(curves),
  };
}

async function notesOf(out: string, { seeds }: SuitePlan, { slug: row }: PlannedRow): Promise<string[]> {
  const notes = await Promise.all(
    seeds.map(async (seed) => {
      const run = join(out, runFolder({ row, seed }));
      if (!existsSync(join(run, runFiles.log))) return [];
      return (await readRunNotes(run)).map(
        ({ note, from, to, steps }) =>
          `seed ${seed}: ${note}, ${steps === undefined ? '' : `${steps} of the `}steps ${from} to ${to}`,
      );
    }),
  );
  return notes.flat();
}

/** The mean over seeds; its interval needs two. */
export function overSeeds(values: readonly number[]): MeanInterval | null {
  if (values.length === 0) return null;
  if (values.length > 1) return studentInterval(values);
  return { mean: values[0] as number, low: null, high: null };
}

/**
 * The paired difference of runs to the baseline's runs of the same seeds. It is clear where both intervals leave zero out;
 * with one seed, where that over clips does.
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
  const mean = overSeeds(perSeed) as MeanInterval;
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
