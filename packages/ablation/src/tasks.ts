import { isEsc50, logMelStatistics } from '@audio-ssl/datasets';
import type { ProbeResult } from '@audio-ssl/evaluation';
import { initMatpac } from '@audio-ssl/matpac';
import { disposeTree } from '@audio-ssl/params';
import { stringify } from 'yaml';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, ProbePooling } from '@audio-ssl/experiment';
import { matpacOptions } from '@audio-ssl/experiment';
import { loadEncoder } from '@audio-ssl/experiment';
import { clipFeatures, logMelFeatures, runExtractor, type Standardization } from '@audio-ssl/experiment';
import { leastFrames, openClips, type OpenClips } from '@audio-ssl/experiment';
import { pretrain, timeSteps } from '@audio-ssl/experiment';
import { fitProbe } from '@audio-ssl/experiment';
import { probeTask, type ProbeTask } from '@audio-ssl/experiment';
import { quote } from '@audio-ssl/experiment';
import { readRunJson, writeRunFile, writeRunJson } from '@audio-ssl/experiment';
import { InputError } from '@audio-ssl/experiment';
import { type PlannedRow, readPlan, startSlug, type SuitePlan } from './plan.js';

/**
 * One piece of a suite's work, done by a process of its own: `prepare` makes log-mels and what all runs share, `time:ROW`
 * times a few steps, `start:SEED` probes an untrained encoder, `run:ROW:SEED` pretrains and probes.
 */
export type Task =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'time'; readonly row: string }
  | { readonly kind: 'start'; readonly seed: number }
  | { readonly kind: 'run'; readonly row: string; readonly seed: number };

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
  /** Of the monitor, 0 where it is turned off. */
  readonly secondsPerLook: number;
  /** Seconds from the start of the process to a compiled step: what each run pays before and beside its steps. */
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

/** The word for a task on a command line. */
export function taskName(task: Task): string {
  return [task.kind, 'row' in task ? task.row : [], 'seed' in task ? String(task.seed) : []].flat().join(':');
}

/** Reads {@link taskName}'s word. */
export function parseTask(word: string): Task {
  const [kind, ...rest] = word.split(':');
  const [a = '', b] = rest;
  if (kind === 'prepare') return { kind };
  if (kind === 'time') return { kind, row: a };
  if (kind === 'start') return { kind, seed: Number(a) };
  if (kind === 'run') return { kind, row: a, seed: Number(b) };
  throw new InputError(`ablate-task ${word}: expected prepare, time:ROW, start:SEED or run:ROW:SEED`, 'option');
}

/** The file that a task leaves when it is done, in the folder of the suite. */
export function taskFile(task: Task): string {
  if (task.kind === 'prepare') return 'prepared.json';
  if (task.kind === 'time') return join('timing', `${task.row}.json`);
  if (task.kind === 'start') return join('runs', startSlug, `seed-${task.seed}`, 'result.json');
  return join(runFolder(task), 'result.json');
}

/** The folder of a run, in the folder of the suite. */
export function runFolder({ row, seed }: { readonly row: string; readonly seed: number }): string {
  return join('runs', row, `seed-${seed}`);
}

/** Whether a task has left its file. */
export function isDone(out: string, task: Task): boolean {
  return existsSync(join(out, taskFile(task)));
}

/**
 * Reads what a task has left.
 *
 * @throws InputError when it is missing or damaged
 */
export function readResult<T>(out: string, task: Task): Promise<T> {
  return readRunJson<T>(out, taskFile(task), 'delete it, and the same command does that piece again');
}

/** Does one task. The tensor backend must be running, except for what needs none. */
export async function doTask(
  out: string,
  task: Task,
  { backend, signal }: { readonly backend: string; readonly signal: AbortSignal },
): Promise<void> {
  const plan = await readPlan(out);
  const [first] = plan.rows as readonly [PlannedRow];
  if (task.kind === 'prepare') {
    await withClips(plan, first.config, signal, async (clips) => {
      await writeRunJson(out, taskFile(task), await prepare(clips, first.config, signal));
    });
    return;
  }
  const prepared = await readResult<Prepared>(out, { kind: 'prepare' });
  if (task.kind === 'start') {
    const config = { ...first.config, seed: task.seed };
    await withClips(plan, config, signal, async (clips) => {
      const { student } = initMatpacOf(config);
      try {
        const result = await probeEncoder(student, config, prepared, clips, signal);
        await writeRunJson(out, taskFile(task), { ...result, trainingSeconds: 0 } satisfies Probed);
      } finally {
        disposeTree(student);
      }
    });
    return;
  }
  const row = plan.rows.find(({ slug }) => slug === task.row);
  if (!row)
    throw new InputError(`${out} has no row ${task.row}; its rows are ${plan.rows.map(({ slug }) => slug).join(', ')}`);
  if (task.kind === 'time') {
    const time = async (clips: OpenClips): Promise<void> => {
      const timed = await timeSteps({ config: row.config, clips, ...prepared.standardization });
      const timing: Timing = { ...timed, startSeconds: process.uptime() - timed.secondsPerLook };
      await writeRunJson(out, taskFile(task), timing);
    };
    await withClips(plan, row.config, signal, time, leastFrames(row.config)); // those that the run will have
    return;
  }
  const { steps } = await readRunJson<{ readonly steps: number }>(out, 'estimate.json');
  await trainAndProbe(out, plan, task, runConfig(row.config, { seed: task.seed, steps, ...prepared }), {
    prepared,
    backend,
    signal,
  });
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

async function prepare(clips: OpenClips, config: Config, signal: AbortSignal): Promise<Prepared> {
  const { mean, std } = config.data;
  const measured =
    typeof mean === 'number' && typeof std === 'number'
      ? { mean, std }
      : await logMelStatistics(clips.store, clips.kept);
  const task = probeTask(clips, config.probe.folds);
  const { accuracy } = await fitProbe('probe, log-mel', await logMelFeatures(clips.store, clips.kept), task, signal);
  const names = [...new Set(task.bootstrapGroups)];
  return {
    standardization: {
      mean: typeof mean === 'number' ? mean : measured.mean,
      std: typeof std === 'number' ? std : measured.std,
    },
    dataset: clips.dataset.name,
    esc50: isEsc50(clips.dataset),
    clips: clips.kept.length,
    classes: task.classes,
    chance: task.chance,
    folds: task.description,
    logMel: accuracy,
    ...(task.bootstrapGroups && { groups: task.bootstrapGroups.map((group) => names.indexOf(group)) }),
  };
}

async function trainAndProbe(
  out: string,
  plan: SuitePlan,
  task: Extract<Task, { kind: 'run' }>,
  config: Config,
  {
    prepared,
    backend,
    signal,
  }: { readonly prepared: Prepared; readonly backend: string; readonly signal: AbortSignal },
): Promise<void> {
  const run = join(out, runFolder(task));
  await writeRunFile(run, 'config.yaml', stringify(config));
  const { data, dataName } = plan;
  const command = runCommands(out, plan, task)[0] as string;
  const summary = await pretrain({ data, dataName, out: run, config, command, backend, signal });
  signal.throwIfAborted();
  if (!summary.completed) throw new InputError(`${run} stopped after step ${summary.step} of ${summary.steps}`);
  await withClips(plan, config, signal, async (clips) => {
    const student = await loadEncoder(run, config);
    try {
      const result = await probeEncoder(student, config, prepared, clips, signal);
      await writeRunJson(out, taskFile(task), { ...result, trainingSeconds: summary.trainingSeconds } satisfies Probed);
    } finally {
      disposeTree(student);
    }
  });
}

/** The commands that repeat one run and its probe, alone. */
export function runCommands(out: string, { data, layout }: SuitePlan, run: Extract<Task, { kind: 'run' }>): string[] {
  const folder = join(out, runFolder(run));
  const again = join(out, 'again', run.row, `seed-${run.seed}`);
  return [
    `audio-ssl pretrain --data ${quote(data)} --config ${quote(join(folder, 'config.yaml'))} --out ${quote(again)}`,
    `audio-ssl probe ${quote(again)} --dataset ${layout} --root ${quote(data)}`,
  ];
}

async function probeEncoder(
  weights: Parameters<typeof runExtractor>[0],
  config: Config,
  { standardization }: Prepared,
  clips: OpenClips,
  signal: AbortSignal,
): Promise<Omit<Probed, 'trainingSeconds'>> {
  const began = performance.now();
  const poolings: readonly ProbePooling[] = config.probe.pool;
  const extract = runExtractor(weights, config, standardization);
  const features = await clipFeatures('features', extract, clips.store, { indices: clips.kept, poolings, signal });
  const task: ProbeTask = probeTask(clips, config.probe.folds);
  const found: (readonly [ProbePooling, ProbeResult])[] = [];
  for (const pooling of poolings) {
    const matrix = features.get(pooling);
    if (matrix) found.push([pooling, await fitProbe(`probe, ${pooling}`, matrix, task, signal)]);
  }
  return {
    accuracy: Object.fromEntries(found.map(([pooling, { accuracy }]) => [pooling, accuracy])),
    correct: Object.fromEntries(found.map(([pooling, { correct }]) => [pooling, Array.from(correct)])),
    probeSeconds: (performance.now() - began) / 1000,
  };
}

function initMatpacOf(config: Config): { readonly student: Parameters<typeof runExtractor>[0] } {
  const { student, ...rest } = initMatpac(matpacOptions(config), config.seed);
  disposeTree(rest);
  return { student };
}

async function withClips(
  { data, dataName, layout }: SuitePlan,
  config: Config,
  signal: AbortSignal,
  use: (clips: OpenClips) => Promise<void>,
  minFrames?: number,
): Promise<void> {
  const clips = await openClips({
    root: data,
    layout,
    name: dataName,
    frontEnd: config.data.frontEnd,
    workers: config.data.workers,
    minFrames,
    signal,
  });
  try {
    await use(clips);
  } finally {
    await clips.store.close();
  }
}
