import { InputError, type Reporter } from '@audio-ssl/experiment';
import { readJson, writeJson } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Executor } from './executor.js';
import type { PlannedRow, SuitePlan } from './plan.js';
import { type RunCost, secondsFor, stepsWithin } from './schedule-runs.js';
import { suiteFiles } from './suite-files.js';
import { isDone, type Probed, readResult, runTasks, type SuiteTask, taskName, type Timing } from './tasks.js';

/** What was measured before the runs, and what follows from it; saved in the folder of the suite. */
export interface Estimate {
  /** Of every run. */
  readonly steps: number;
  /** What all runs will take, in seconds. */
  readonly seconds: number;
  /** What the budget left for the runs, in seconds; null without a budget. */
  readonly available: number | null;
  /** What a run of each row takes, by its slug. */
  readonly perRow: Readonly<Record<string, RunCost>>;
}

// Fewer steps show nothing, whatever the budget.
const LEAST_STEPS = 20;
// Of the budget, for what is not measured: checkpoints, pauses of a busy machine, the report.
const RESERVE = 0.05;
const POLL = 1000; // milliseconds

/** Prepares and times what is not done yet, and estimates what the runs take; undefined when stopped. */
export async function estimateSuite(
  out: string,
  plan: SuitePlan,
  {
    executor,
    spent,
    reporter,
    signal,
  }: {
    readonly executor: Executor;
    /** Seconds that the suite has taken so far. */
    readonly spent: () => number;
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
  },
): Promise<Estimate | undefined> {
  const prepare: SuiteTask = { kind: 'prepare' };
  const times = plan.rows.map(({ slug }): SuiteTask => ({ kind: 'time', row: slug }));
  const starts = plan.seeds.map((seed): SuiteTask => ({ kind: 'start', seed }));
  for (const [name, tasks] of [
    ['prepare', [prepare]],
    ['calibrate', [...starts, ...times]],
  ] as const) {
    const total = tasks.length;
    const missing = tasks.filter((task) => !isDone(out, task));
    if (missing.length === 0) continue;
    reporter.stage?.({ name, total, done: total - missing.length });
    const tell = (): void =>
      reporter.progress?.({ stage: name, total, done: tasks.filter((task) => isDone(out, task)).length });
    const timer = setInterval(tell, POLL);
    const failed = await executor.run(missing, signal).finally(() => clearInterval(timer));
    tell();
    if (signal.aborted) return undefined;
    const [first] = failed;
    if (first) throw new InputError(`${taskName(first.task)} failed: ${first.reason}\nIts log is ${join(out, 'logs')}`);
  }
  const path = join(out, suiteFiles.estimate);
  if (existsSync(path)) return readJson<Estimate>(path);

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
  await writeJson(path, estimate);
  return estimate;
}

/** The monitor runs every so many steps and after the last one. */
function runCost({ secondsPerStep, secondsPerMonitor }: Timing, start: number, every: number): RunCost {
  const perStep = every > 0 ? secondsPerStep + secondsPerMonitor / every : secondsPerStep;
  return { start: start + secondsPerMonitor, perStep };
}

/** The middle value, the upper one of two. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
