import { type Config, InputError, quote, type Standardization } from '@audio-ssl/experiment';
import { readJson } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SuitePlan } from './plan.js';
import { startSlug } from './suite-files.js';

/**
 * One piece of a suite's work, done by a process of its own: `prepare` makes log-mels and what all runs share, `time:ROW`
 * times a few steps, `start:SEED` probes an untrained encoder, `run:ROW:SEED` pretrains and probes.
 */
export type SuiteTask =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'time'; readonly row: string }
  | { readonly kind: 'start'; readonly seed: number }
  | RunTask;

/** The task that pretrains and probes one row with one seed. */
export interface RunTask {
  readonly kind: 'run';
  readonly row: string;
  readonly seed: number;
}

/** What `prepare` leaves for all others. */
export interface Prepared {
  readonly standardization: Standardization;
  readonly dataset: string;
  /** Whether it is ESC-50 itself, for which figures are published, whatever it is called. */
  readonly esc50: boolean;
  readonly clips: number;
  readonly classes: number;
  readonly chance: number;
  readonly folds: string;
  /** Accuracy of log-mel statistics, without any encoder. */
  readonly logMel: number;
  /** Groups of clips that a resample keeps whole, by number; absent when clips are drawn one by one. */
  readonly groups?: readonly number[];
}

/** What `time` measures. */
export interface Timing {
  readonly secondsPerStep: number;
  /** 0 where the monitor is turned off. */
  readonly secondsPerMonitor: number;
  /** Seconds from the start of the process to a compiled step: what each run pays in addition to its steps. */
  readonly startSeconds: number;
}

/** What probes of one encoder found. */
export interface Probed {
  /** By pooling. */
  readonly accuracy: Readonly<Record<string, number>>;
  /** 1 for a right and 0 for a wrong prediction of each clip, by pooling. */
  readonly correct: Readonly<Record<string, readonly number[]>>;
  readonly probeSeconds: number;
  /** Seconds of training; 0 for a start. */
  readonly trainingSeconds: number;
}

/**
 * The word for a task, such as `run:matpac:0`.
 *
 * @example
 * for (const { task, reason } of failed) console.error(`${taskName(task)}: ${reason}`);
 */
export function taskName(task: SuiteTask): string {
  return [task.kind, 'row' in task ? task.row : [], 'seed' in task ? String(task.seed) : []].flat().join(':');
}

/**
 * Reads {@link taskName}'s word.
 *
 * @throws InputError for any other
 */
export function parseTask(word: string): SuiteTask {
  const [kind, ...rest] = word.split(':');
  const [a = '', b] = rest;
  if (kind === 'prepare') return { kind };
  if (kind === 'time') return { kind, row: a };
  if (kind === 'start') return { kind, seed: Number(a) };
  if (kind === 'run') return { kind, row: a, seed: Number(b) };
  throw new InputError(`parseTask: expected prepare, time:ROW, start:SEED or run:ROW:SEED, got ${word}`, 'option');
}

/** Every run, the seeds one after the other, so that the rows of a suite that is stopped can be compared. */
export function runTasks({ rows, seeds }: Pick<SuitePlan, 'rows' | 'seeds'>): RunTask[] {
  return seeds.flatMap((seed) => rows.map(({ slug: row }) => ({ kind: 'run', row, seed }) as const));
}

/** The file that a task leaves when it is done, in the folder of the suite. */
export function taskFile(task: SuiteTask): string {
  if (task.kind === 'prepare') return 'prepared.json';
  if (task.kind === 'time') return join('timing', `${task.row}.json`);
  if (task.kind === 'start') return join('runs', startSlug, `seed-${task.seed}`, 'result.json');
  return join(runFolder(task), 'result.json');
}

/** The folder of a run, in the folder of the suite. */
export function runFolder({ row, seed }: Pick<RunTask, 'row' | 'seed'>): string {
  return join('runs', row, `seed-${seed}`);
}

/** The log of a task, in the folder of the suite. */
export function logFile(task: SuiteTask): string {
  return join('logs', `${taskName(task).replaceAll(':', '.')}.log`);
}

/** The configuration of a run as a file, in the folder of the suite. */
export function configFile(run: RunTask): string {
  return join(runFolder(run), 'config.yaml');
}

/** Whether a task has left its file. */
export function isDone(out: string, task: SuiteTask): boolean {
  return existsSync(join(out, taskFile(task)));
}

/**
 * Reads what a task has left.
 *
 * @throws FileError when it is missing or damaged
 */
export function readResult<T>(out: string, task: SuiteTask): Promise<T> {
  return readJson<T>(join(out, taskFile(task)), 'delete it, and the same command does that piece again');
}

/** A row's configuration as one of its runs has it. */
export function runConfig(
  config: Config,
  {
    seed,
    steps,
    standardization,
  }: { readonly seed: number; readonly steps: number } & Pick<Prepared, 'standardization'>,
): Config {
  return { ...config, seed, steps, data: { ...config.data, ...standardization } };
}

/** The commands that repeat one run and its probe, alone. */
export function runCommands(out: string, { data, layout }: Pick<SuitePlan, 'data' | 'layout'>, run: RunTask): string[] {
  const again = join(out, 'again', run.row, `seed-${run.seed}`);
  return [
    `audio-ssl pretrain --data ${quote(data)} --config ${quote(join(out, configFile(run)))} --out ${quote(again)}`,
    `audio-ssl probe ${quote(again)} --dataset ${layout} --root ${quote(data)}`,
  ];
}
