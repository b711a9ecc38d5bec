import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeEnvironment } from '@audio-ssl/experiment';
import { median } from '@audio-ssl/experiment';
import { startProgress } from '@audio-ssl/experiment';
import { readRunJson, runFiles, writeRunFile, writeRunJson } from '@audio-ssl/experiment';
import { duration } from '@audio-ssl/report';
import { InputError } from '@audio-ssl/experiment';
import { clock } from './clock.js';
import type { Executor, Failure } from './executor.js';
import { localExecutor, localParallelism } from './local-executor.js';
import { type PlannedRow, type PlanOptions, type ProbedLayout, planSuite, savePlan, type SuitePlan } from './plan.js';
import { renderMarkdown } from './render-markdown.js';
import { renderSuite } from './render-suite.js';
import { suiteResults, type SuiteResults } from './results.js';
import { secondsFor, stepsWithin, type RunCost } from './schedule-runs.js';
import { slurmExecutor } from './slurm-executor.js';
import { withSpentTime } from './spent-time.js';
import { loadSuite } from './suites.js';
import { isDone, type Probed, readResult, runFolder, type Task, taskFile, taskName, type Timing } from './tasks.js';

/** What {@link ablate} is asked for. */
export interface AblateOptions extends Omit<PlanOptions, 'suite' | 'layout'> {
  /** A suite's name or a YAML file. */
  readonly suite: string;
  /** Layout of the data; found out by its files when left out. */
  readonly layout?: ProbedLayout | undefined;
  readonly out: string;
  /** Runs at the same time; one a core by default. */
  readonly parallel?: number | undefined;
  readonly executor?: 'local' | 'slurm' | undefined;
  /** Options for `sbatch`. */
  readonly sbatch?: readonly string[] | undefined;
  /** Ends after the plan and its time are shown. */
  readonly planOnly?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What a suite came to. */
export interface Ablated {
  readonly end: 'completed' | 'planned' | 'stopped';
  /** What to show: the table of results, or the plan. */
  readonly words: string;
  readonly failed: readonly Failure[];
}

/** What was measured before the runs, and follows from it; saved as `estimate.json`. */
interface Estimate {
  readonly steps: number;
  /** What all runs will take, and what the budget left for them; null without one. */
  readonly seconds: number;
  readonly available: number | null;
  readonly perRow: Readonly<Record<string, RunCost>>;
}

// Fewer steps show nothing, whatever the budget.
const LEAST_STEPS = 20;
// Of the budget, for what is not measured: checkpoints, pauses of a busy machine, the report.
const RESERVE = 0.05;

/**
 * Runs a suite of ablations: plans it, times it, pretrains and probes every row with every seed, and writes
 * `report.html`, `report.md` and `results.json` into its folder. What is done already is not done again, so the same
 * command goes on where a stopped one was.
 *
 * @throws InputError for options that do not fit, or a folder that holds another suite
 */
export async function ablate(options: AblateOptions): Promise<Ablated> {
  const { out } = options;
  const suite = await loadSuite(options.suite);
  const layout = options.layout ?? layoutOf(options.data);
  const plan = await savePlan(out, await planSuite({ ...options, suite, layout }));
  return withSpentTime(out, (spent) => runPlan(plan, options, spent));
}

async function runPlan(plan: SuitePlan, options: AblateOptions, spent: () => number): Promise<Ablated> {
  const { out, signal, planOnly = false } = options;
  const executor = executorOf(options, plan);
  console.error(`suite ${plan.suite}: ${plan.title}\n${executor.words}`);

  const estimate = await measure(out, plan, executor, signal, spent);
  if (!estimate)
    return {
      end: 'stopped',
      words: 'stopped before the plan was made; the same command goes on from there',
      failed: [],
    };
  const runs = runTasks(plan);
  const left = runs.filter((task) => !isDone(out, task));
  const shown = planWords(plan, estimate, { left, parallel: executor.parallel });
  if (planOnly) return { end: 'planned', words: shown, failed: [] };
  console.error(shown);

  const failed = await withProgress(out, runs, estimate.steps, () => executor.run(left, signal));
  const results = await suiteResults(out, plan, {
    steps: estimate.steps,
    executor: executor.words,
    secondsSpent: spent(),
    environment: await environmentOf(out, plan),
    failed: new Map(failed.map(({ task, reason }) => [taskFile(task), reason])),
  });
  await writeReports(out, plan, results);
  const words = `${renderMarkdown(results).table}\n`;
  if (signal.aborted)
    return {
      end: 'stopped',
      words: `stopped with ${results.done} of ${results.total} runs done; the same command goes on`,
      failed,
    };
  return { end: 'completed', words, failed };
}

async function writeReports(out: string, plan: SuitePlan, results: SuiteResults): Promise<void> {
  await writeRunJson(out, 'results.json', results);
  await writeRunFile(out, 'report.md', renderMarkdown(results).page);
  await writeRunFile(out, 'report.html', await renderSuite(out, plan, results));
}

/** Prepares and times, as far as it is not done; undefined when stopped. */
async function measure(
  out: string,
  plan: SuitePlan,
  executor: Executor,
  signal: AbortSignal,
  spent: () => number,
): Promise<Estimate | undefined> {
  const prepare: Task = { kind: 'prepare' };
  const times = plan.rows.map(({ slug }): Task => ({ kind: 'time', row: slug }));
  const starts = plan.seeds.map((seed): Task => ({ kind: 'start', seed }));
  for (const [name, tasks] of [
    ['prepare', [prepare]],
    ['calibrate', [...starts, ...times]],
  ] as const) {
    const missing = tasks.filter((task) => !isDone(out, task));
    if (missing.length === 0) continue;
    const progress = startProgress(name, tasks.length, tasks.length - missing.length);
    const timer = setInterval(() => progress.update(tasks.filter((task) => isDone(out, task)).length), 1000);
    const failed = await executor.run(missing, signal).finally(() => {
      clearInterval(timer);
      progress.stop();
    });
    if (signal.aborted) return undefined;
    const [first] = failed;
    if (first) throw new InputError(`${taskName(first.task)} failed: ${first.reason}\nIts log is ${join(out, 'logs')}`);
  }
  if (existsSync(join(out, 'estimate.json'))) return readRunJson<Estimate>(out, 'estimate.json');

  const probed = await Promise.all(starts.map((task) => readResult<Probed>(out, task)));
  const probeSeconds = median(probed.map((start) => start.probeSeconds));
  const timings = await Promise.all(times.map((task) => readResult<Timing>(out, task)));
  const start = median(timings.map(({ startSeconds }) => startSeconds)) + probeSeconds;
  const costs = plan.rows.map(({ config }, i) => runCost(timings[i] as Timing, start, config.monitor.every));
  const perRow = Object.fromEntries(plan.rows.map(({ slug }, i) => [slug, costs[i] as RunCost]));
  const runs = runTasks(plan).map(({ row }) => perRow[row] as RunCost);
  const { parallel } = executor;
  const available = plan.budget === null ? null : (1 - RESERVE) * plan.budget - spent();
  const steps =
    available === null
      ? (plan.rows[0] as PlannedRow).config.steps
      : stepsWithin(runs, available, { parallel, least: LEAST_STEPS });
  const estimate: Estimate = { steps, seconds: secondsFor(runs, steps, parallel), available, perRow };
  await writeRunJson(out, 'estimate.json', estimate);
  return estimate;
}

/** The monitor looks every so many steps and after the last one. */
function runCost({ secondsPerStep, secondsPerLook }: Timing, start: number, every: number): RunCost {
  const perStep = every > 0 ? secondsPerStep + secondsPerLook / every : secondsPerStep;
  return { start: start + secondsPerLook, perStep };
}

/** Every run, the seeds one after the other: what is there when a suite is stopped can be compared. */
function runTasks({ rows, seeds }: SuitePlan): (Task & { kind: 'run' })[] {
  return seeds.flatMap((seed) => rows.map(({ slug: row }) => ({ kind: 'run', row, seed }) as const));
}

function planWords(
  plan: SuitePlan,
  { steps, seconds, available, perRow }: Estimate,
  { left, parallel }: { readonly left: readonly { readonly row: string }[]; readonly parallel: number },
): string {
  const { rows, seeds, budget } = plan;
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, slug, changes }, i) => {
    const { start, perStep } = perRow[slug] as RunCost;
    const each = duration(start + steps * perStep).padStart(12);
    return `  ${name.padEnd(width)}  ${`${(1000 * perStep).toFixed(0)} ms/step`.padStart(12)}  ${each}  ${i === 0 ? 'baseline' : changes.join(', ')}`;
  });
  const ahead = secondsFor(
    left.map(({ row }) => perRow[row] as RunCost),
    steps,
    parallel,
  );
  const over =
    budget !== null && available !== null && seconds > available
      ? `\nThe budget of ${duration(budget)}, of which ${duration(Math.max(0, available))} are left for the runs, is too short even for ${LEAST_STEPS} steps a run: it takes longer.`
      : '';
  return [
    `plan: ${rows.length} rows x ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}, each ${steps} steps and a probe`,
    ...lines,
    left.length > 0
      ? `${left.length} runs to do, about ${duration(ahead)}, ${parallel} at a time, until ${clock(ahead)}${over}`
      : 'all runs are done',
  ].join('\n');
}

async function withProgress<R>(
  out: string,
  runs: readonly (Task & { kind: 'run' })[],
  steps: number,
  work: () => Promise<R>,
): Promise<R> {
  // A probe counts as a tenth of its run's steps, so that the bar moves on to the end.
  const units = (done: number): number => done * Math.ceil(1.1 * steps);
  const stepsOf = async (task: Task & { kind: 'run' }): Promise<number> =>
    isDone(out, task) ? units(1) : stepsDone(join(out, runFolder(task)));
  const total = async (): Promise<number> => (await Promise.all(runs.map(stepsOf))).reduce((a, b) => a + b, 0);
  const bar = startProgress('ablate', units(runs.length), await total());
  const show = async (): Promise<void> => {
    const steps = await total();
    bar.update(steps, `${runs.filter((task) => isDone(out, task)).length} of ${runs.length} runs`);
  };
  const timer = setInterval(() => void show(), 2000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await show();
    bar.stop();
  }
}

/** Steps in the log of a run that is under way. */
async function stepsDone(run: string): Promise<number> {
  const text = await readFile(join(run, 'log.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

function executorOf(
  { out, executor = 'local', parallel, sbatch = [] }: AblateOptions,
  { rows, seeds }: SuitePlan,
): Executor {
  const most = rows.length * seeds.length;
  if (executor === 'slurm')
    return slurmExecutor(out, { parallel: parallel ?? most, cores: coresAsked(sbatch), sbatch });
  return localExecutor(out, Math.min(most, parallel ?? localParallelism()));
}

/** Cores of a job: what `sbatch` is told, one otherwise. */
function coresAsked(sbatch: readonly string[]): number {
  const told = sbatch.map((option) => /^(?:--cpus-per-task=|-c)(\d+)$/.exec(option)?.[1]).find(Boolean);
  return Number(told ?? 1);
}

/** Where the runs went, as one of them has noted it: on a cluster that is not this machine. */
async function environmentOf(out: string, plan: SuitePlan): Promise<Record<string, string>> {
  const run = runTasks(plan)
    .map((task) => join(out, runFolder(task)))
    .find((at) => existsSync(join(at, runFiles.environment)));
  return run === undefined
    ? describeEnvironment('none: no run was started')
    : readRunJson<Record<string, string>>(run, runFiles.environment);
}

function layoutOf(data: string): ProbedLayout {
  if (existsSync(join(data, 'meta', 'esc50.csv'))) return 'esc50';
  if (existsSync(join(data, 'examples.json'))) return 'nsynth';
  throw new InputError(
    `${data}: neither meta/esc50.csv nor examples.json is there; a suite is probed on labelled data: give its folder, or --dataset`,
  );
}
