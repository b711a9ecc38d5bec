import type { StartedBackend } from '@audio-ssl/backend';
import { isEsc50, logMelStatistics } from '@audio-ssl/datasets';
import type { ProbeResult } from '@audio-ssl/evaluation';
import {
  clipFeatures,
  type ClipSettings,
  type Config,
  featureClips,
  fitProbe,
  initialEncoder,
  InputError,
  loadEncoder,
  logMelFeatures,
  matpacMethod,
  openClips,
  type OpenClips,
  pretrain,
  type ProbePooling,
  probeTask,
  type Reporter,
  runExtractor,
  timeSteps,
  trainingClips,
} from '@audio-ssl/experiment';
import { disposeTree } from '@audio-ssl/params';
import { readJson, writeJson, writeRunFile } from '@audio-ssl/trainer';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type PlannedRow, readPlan, type SuitePlan } from './plan.js';
import { suiteFiles } from './suite-files.js';
import {
  configFile,
  type Prepared,
  type Probed,
  readResult,
  runCommands,
  runConfig,
  runFolder,
  type RunTask,
  type SuiteTask,
  taskFile,
  type Timing,
} from './tasks.js';

/** What a task runs with. */
export interface TaskOptions {
  /** What `startBackend` returned. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does one task. The tensor backend must be running, except for what needs none.
 *
 * @param out the suite's folder
 */
export async function doTask(out: string, task: SuiteTask, options: TaskOptions = {}): Promise<void> {
  const plan = await readPlan(out);
  const [first] = plan.rows as readonly [PlannedRow];
  const leave = (result: Prepared | Timing | Probed): Promise<void> => writeJson(join(out, taskFile(task)), result);
  if (task.kind === 'prepare') {
    await withClips(plan, featureClips(first.config), options, async (clips) =>
      leave(await prepare(clips, first.config, options)),
    );
    return;
  }
  const prepared = await readResult<Prepared>(out, { kind: 'prepare' });
  if (task.kind === 'start') {
    const config = { ...first.config, seed: task.seed };
    await withClips(plan, featureClips(config), options, async (clips) => {
      const student = initialEncoder(matpacMethod(config), config.seed);
      try {
        await leave({ ...(await probeEncoder(student, config, prepared, clips, options)), trainingSeconds: 0 });
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
      const timed = await timeSteps({ ...options, config: row.config, clips, ...prepared.standardization });
      await leave({ ...timed, startSeconds: process.uptime() - timed.secondsPerMonitor });
    };
    await withClips(plan, trainingClips(row.config), options, time); // those that the run will have
    return;
  }
  const { steps } = await readJson<{ readonly steps: number }>(join(out, suiteFiles.estimate));
  await leave(
    await trainAndProbe(
      out,
      plan,
      task,
      runConfig(row.config, { seed: task.seed, steps, ...prepared }),
      prepared,
      options,
    ),
  );
}

async function prepare(clips: OpenClips, config: Config, { reporter, signal }: TaskOptions): Promise<Prepared> {
  const { mean, std } = config.data;
  const measure = (): ReturnType<typeof logMelStatistics> => {
    const stage = 'statistics';
    reporter?.stage?.({ name: stage, total: clips.pieces.length });
    return logMelStatistics(clips.store, clips.pieces, {
      onProgress: (progress) => reporter?.progress?.({ stage, ...progress }),
      ...(signal && { signal }),
    });
  };
  const measured = typeof mean === 'number' && typeof std === 'number' ? { mean, std } : await measure();
  const task = probeTask(clips, config.probe.folds);
  const features = await logMelFeatures(clips.store, clips.kept, { signal });
  const { accuracy } = await fitProbe('probe, log-mel', features, task, { reporter, signal });
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
  task: RunTask,
  config: Config,
  prepared: Prepared,
  options: TaskOptions,
): Promise<Probed> {
  const run = join(out, runFolder(task));
  await writeRunFile(out, configFile(task), stringify(config));
  const { data, dataName } = plan;
  const [command] = runCommands(out, plan, task);
  const { completed, step, steps, trainingSeconds } = await pretrain({
    ...options,
    data,
    dataName,
    out: run,
    config,
    command,
  });
  options.signal?.throwIfAborted();
  if (!completed) throw new InputError(`${run} stopped after step ${step} of ${steps}; start the suite again`);
  return withClips(plan, featureClips(config), options, async (clips) => {
    const student = await loadEncoder(run, config);
    try {
      return { ...(await probeEncoder(student, config, prepared, clips, options)), trainingSeconds };
    } finally {
      disposeTree(student);
    }
  });
}

async function probeEncoder(
  weights: Parameters<typeof runExtractor>[0],
  config: Config,
  { standardization }: Prepared,
  clips: OpenClips,
  { backend, reporter, signal }: TaskOptions,
): Promise<Omit<Probed, 'trainingSeconds'>> {
  const began = performance.now();
  const poolings: readonly ProbePooling[] = config.probe.pool;
  const extract = runExtractor(weights, config, standardization, { backend });
  const features = await clipFeatures('features', extract, clips.store, {
    indices: clips.kept,
    poolings,
    reporter,
    signal,
  });
  const task = probeTask(clips, config.probe.folds);
  const found: (readonly [ProbePooling, ProbeResult])[] = [];
  for (const pooling of poolings) {
    const matrix = features.get(pooling);
    if (matrix) found.push([pooling, await fitProbe(`probe, ${pooling}`, matrix, task, { reporter, signal })]);
  }
  return {
    accuracy: Object.fromEntries(found.map(([pooling, { accuracy }]) => [pooling, accuracy])),
    correct: Object.fromEntries(found.map(([pooling, { correct }]) => [pooling, Array.from(correct)])),
    probeSeconds: (performance.now() - began) / 1000,
  };
}

async function withClips<R>(
  { data, dataName, layout }: SuitePlan,
  settings: ClipSettings,
  options: TaskOptions,
  use: (clips: OpenClips) => Promise<R>,
): Promise<R> {
  const clips = await openClips({
    ...options,
    root: data,
    layout,
    name: dataName,
    ...settings,
  });
  try {
    return await use(clips);
  } finally {
    await clips.store.close();
  }
}
