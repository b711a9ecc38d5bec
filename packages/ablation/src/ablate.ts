import { detectLayout, labelledLayouts, type LayoutName } from '@audio-ssl/datasets';
import { describeEnvironment, InputError, type Reporter } from '@audio-ssl/experiment';
import { renderMarkdown, renderSuite, type SuiteResults } from '@audio-ssl/report';
import {
  lockFolder,
  readJson,
  requireWritableFolder,
  runFiles,
  writeJson,
  writeRunFile,
  type FolderLock,
} from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Estimate, estimateSuite } from './estimate.js';
import type { Executor, TaskFailure } from './executor.js';
import { localExecutor, localParallelism } from './local-executor.js';
import { type PlanOptions, planSuite, savePlan, type SuitePlan } from './plan.js';
import { suiteReport, suiteResults } from './results.js';
import { type RunCost, secondsFor } from './schedule-runs.js';
import { slurmExecutor } from './slurm-executor.js';
import { withSpentTime } from './spent-time.js';
import { suiteFiles } from './suite-files.js';
import { loadSuite } from './suites.js';
import { isDone, runFolder, runTasks, type RunTask, taskFile } from './tasks.js';

/** What {@link ablate} takes. */
export interface AblateOptions extends Omit<PlanOptions, 'suite' | 'layout'> {
  /** A suite's name (`paper`, `masking`, `targets`) or a YAML file. */
  readonly suite: string;
  /** Layout of the data; detected when left out. */
  readonly layout?: LayoutName | undefined;
  /** Folder of the suite. */
  readonly out: string;
  /** Runs at the same time; one a core by default, and on Slurm all. */
  readonly parallel?: number | undefined;
  /** Where runs go: processes of this machine (default) or jobs of a Slurm cluster. */
  readonly executor?: 'local' | 'slurm' | undefined;
  /** Options for `sbatch`, such as `--partition=gpu`. */
  readonly sbatch?: readonly string[] | undefined;
  /** Whether to end before the first run. */
  readonly planOnly?: boolean | undefined;
  /** Called once, when everything is measured and before the first run. */
  readonly onPlan?: ((plan: SuitePlan, estimate: SuiteEstimate) => void) | undefined;
  readonly reporter?: Reporter | undefined;
  /** Lets each run save and stop; the same call resumes them. */
  readonly signal?: AbortSignal | undefined;
}

/** What a suite will take. */
export interface SuiteEstimate extends Estimate {
  /** Whether the budget is too short even for the least number of steps, which the runs have then. */
  readonly short: boolean;
  /** Runs that are not done, and what they take in seconds. */
  readonly left: { readonly runs: number; readonly seconds: number };
  /** Runs at the same time. */
  readonly parallel: number;
}

/** What a suite came to. */
export interface Ablated {
  /** `stopped` by the signal, `planned` when only that was asked for. */
  readonly end: 'completed' | 'planned' | 'stopped';
  readonly plan: SuitePlan;
  /** Absent when stopped before everything was measured. */
  readonly estimate?: SuiteEstimate;
  /** Absent when no run was to be started. */
  readonly results?: SuiteResults;
  /** The runs that failed. */
  readonly failed: readonly TaskFailure[];
}

/**
 * Runs a suite of ablations: plans it, times it, pretrains and probes every row with every seed, and writes
 * `report.html`, `report.md` and `results.json` into its folder. Each piece is done by a process of its own, which starts
 * the tensor backend itself. What is done is not done again, so the same call continues a suite that was stopped.
 *
 * @throws InputError for options that do not fit, a folder that holds another suite, and when timing fails; FileError for a
 * folder that another process is at work on
 * @example
 * const { results } = await ablate({ suite: 'masking', data: 'ESC-50-master', out: 'runs/masking', seeds: 3, preset: 'small-data' });
 */
export async function ablate(options: AblateOptions): Promise<Ablated> {
  const { out, reporter = {}, signal = new AbortController().signal } = options;
  const suite = await loadSuite(options.suite);
  const layout = options.layout ?? (await labelledLayoutOf(options.data));
  const planned = await planSuite({ ...options, suite, layout });
  const lock = await lockSuite(out, reporter);
  try {
    const plan = await savePlan(out, planned);
    return await withSpentTime(out, (spent) => runPlan(plan, { ...options, reporter, signal, spent }));
  } finally {
    await lock.release();
  }
}

/** Takes the folder of a suite, before the first byte is written into it; makes it when it is missing. */
async function lockSuite(out: string, reporter: Reporter): Promise<FolderLock> {
  await requireWritableFolder(out, 'out');
  await mkdir(out, { recursive: true });
  return await lockFolder(out, {
    file: suiteFiles.lock,
    held: (who) => `${who} is at work on the suite in ${out}; wait for it, stop it, or give another \`out\``,
    onTakeOver: () => reporter.warning?.(`${out}: took over from a process that is gone`),
  });
}

async function runPlan(
  plan: SuitePlan,
  options: AblateOptions & {
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
    readonly spent: () => number;
  },
): Promise<Ablated> {
  const { out, reporter, signal, spent, planOnly = false, onPlan } = options;
  const executor = executorOf(options, plan);
  reporter.note?.(`suite ${plan.suite}: ${plan.title}`);
  reporter.note?.(executor.words);

  const measured = await estimateSuite(out, plan, { executor, spent, reporter, signal });
  if (!measured) return { end: 'stopped', plan, failed: [] };
  const runs = runTasks(plan);
  const left = runs.filter((task) => !isDone(out, task));
  const estimate = estimateOf(measured, left, executor.parallel);
  onPlan?.(plan, estimate);
  if (planOnly) return { end: 'planned', plan, estimate, failed: [] };

  const failed = await withProgress(out, runs, estimate.steps, reporter, () => executor.run(left, signal));
  const results = await suiteResults(out, plan, {
    steps: estimate.steps,
    executor: executor.words,
    secondsSpent: spent(),
    environment: await environmentOf(out, runs),
    failed: new Map(failed.map(({ task, reason }) => [taskFile(task), reason])),
  });
  await writeReports(out, results);
  return { end: signal.aborted ? 'stopped' : 'completed', plan, estimate, results, failed };
}

async function writeReports(out: string, results: SuiteResults): Promise<void> {
  await writeJson(join(out, suiteFiles.results), results);
  const report = await suiteReport(out, results);
  await writeRunFile(out, suiteFiles.markdown, renderMarkdown(report));
  await writeRunFile(out, suiteFiles.report, renderSuite(report));
}

function estimateOf(estimate: Estimate, left: readonly RunTask[], parallel: number): SuiteEstimate {
  const { steps, seconds, available, perRow } = estimate;
  const costs = left.map(({ row }) => perRow[row] as RunCost);
  return {
    ...estimate,
    short: available !== null && seconds > available,
    left: { runs: left.length, seconds: secondsFor(costs, steps, parallel) },
    parallel,
  };
}

async function withProgress<R>(
  out: string,
  runs: readonly RunTask[],
  steps: number,
  reporter: Reporter,
  work: () => Promise<R>,
): Promise<R> {
  const stage = 'ablate';
  // A probe counts as a tenth of its run's steps, so that progress does not stand still while runs are probed.
  const units = (done: number): number => done * Math.ceil(1.1 * steps);
  const total = units(runs.length);
  const unitsOf = async (task: RunTask): Promise<number> =>
    isDone(out, task) ? units(1) : stepsDone(join(out, runFolder(task)));
  const done = async (): Promise<number> => (await Promise.all(runs.map(unitsOf))).reduce((a, b) => a + b, 0);
  reporter.stage?.({ name: stage, total, done: await done() });
  const tell = async (): Promise<void> => {
    const detail = `${runs.filter((task) => isDone(out, task)).length} of ${runs.length} runs`;
    reporter.progress?.({ stage, total, done: await done(), detail });
  };
  const timer = setInterval(() => void tell(), 2000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await tell();
  }
}

/** Steps in the log of a run that is under way. */
async function stepsDone(run: string): Promise<number> {
  const text = await readFile(join(run, runFiles.log), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

function executorOf(
  { out, executor = 'local', parallel, sbatch = [], reporter }: AblateOptions,
  { rows, seeds }: SuitePlan,
): Executor {
  const most = rows.length * seeds.length;
  if (executor === 'slurm')
    return slurmExecutor(out, { parallel: parallel ?? most, cores: coresAsked(sbatch), sbatch, reporter });
  return localExecutor(out, Math.min(most, parallel ?? localParallelism()));
}

/** Cores of a job: what `sbatch` is given, one otherwise. */
function coresAsked(sbatch: readonly string[]): number {
  const given = sbatch.map((option) => /^(?:--cpus-per-task=|-c)(\d+)$/.exec(option)?.[1]).find(Boolean);
  return Number(given ?? 1);
}

/** Where the runs went, as one of them has noted it: on a cluster that is not this machine. */
async function environmentOf(out: string, runs: readonly RunTask[]): Promise<Record<string, string>> {
  const noted = runs.map((task) => join(out, runFolder(task), runFiles.environment)).find((path) => existsSync(path));
  return noted === undefined ? describeEnvironment() : readJson<Record<string, string>>(noted);
}

async function labelledLayoutOf(data: string): Promise<LayoutName> {
  const found = await detectLayout(data);
  if (found !== undefined && labelledLayouts.includes(found)) return found;
  throw new InputError(
    `${data} is laid out as none of ${labelledLayouts.join(', ')}; a suite is probed on labelled data: give its folder as \`data\`, or its \`layout\``,
  );
}
