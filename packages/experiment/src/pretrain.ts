import { createBatches, logMelStatistics } from '@audio-ssl/datasets';
import {
  initMatpac,
  makeBatch,
  type MatpacBatch,
  type MatpacState,
  schedule,
  signsOfCollapse,
} from '@audio-ssl/matpac';
import { loadState } from '@audio-ssl/pretrained';
import { countParameters, disposeTree, randomStream } from '@audio-ssl/params';
import { readLog, train } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { patchGrid } from '@audio-ssl/vit';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compiledStep } from './compiled-step.js';
import { configDifferences, fixedSettings } from './config/config-differences.js';
import { type Config, matpacOptions } from './config/config-schema.js';
import { saveEncoder } from './encoder-weights.js';
import { describeEnvironment } from './environment.js';
import { maskStrategy } from './mask-strategy.js';
import { maskedExamples } from './masked-examples.js';
import { monitor } from './monitor.js';
import { leastFrames, openClips, type OpenClips } from './open-clips.js';
import { median } from './median.js';
import { lastCheckpoint, openCheckpoint, toldBeside } from './open-model.js';
import { type Progress, startProgress } from './progress.js';
import { requireWritable, runFiles, writeRunJson } from './run-directory.js';
import { LASTING, trainingSeconds } from './run-log.js';
import { readRunRecord, type RunRecord, type RunSummary } from './run-record.js';
import { undecodableFiles } from './undecodable-files.js';
import { InputError } from './input-error.js';
import { writeReport } from './write-report.js';

/** What {@link pretrain} is asked for. */
export interface PretrainOptions {
  /** Folder of audio. */
  readonly data: string;
  /** What the report calls the data; by default as the data set calls itself. */
  readonly dataName?: string | undefined;
  /** Folder of the run; an unfinished run of the same configuration in it goes on. */
  readonly out: string;
  readonly config: Config;
  /** A checkpoint of any family to start from, in place of a random state; the sizes must be those of the configuration. */
  readonly init?: string | undefined;
  /** The command line, for the report. */
  readonly command: string;
  /** The backend that was started, in words. */
  readonly backend: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pretrains on a folder of audio without labels, saves checkpoints and the encoder's weights, and writes the report.
 * The tensor backend must be running.
 *
 * @returns what the run came to; `completed` is false when the signal stopped it
 * @throws InputError when `out` holds a run of another configuration
 */
export async function pretrain({
  data,
  dataName,
  out,
  config,
  init,
  command,
  backend,
  signal,
}: PretrainOptions): Promise<RunSummary> {
  await requireWritable(out);
  const before = await runToGoOnWith({ data, out, config, init });
  // What can't be started from is refused before any sound is read.
  if (before === undefined && init !== undefined) disposeTree((await loadInit(init, config)).state);
  const clips = await openClips({
    root: data,
    name: dataName,
    layout: config.data.dataset,
    frontEnd: config.data.frontEnd,
    workers: config.data.workers,
    minFrames: leastFrames(config),
    signal,
  });
  try {
    const record = before ?? (await startRun({ data, out, config, init, command }, clips));
    await writeRunJson(out, runFiles.environment, await describeEnvironment(backend));
    await writeRunJson(out, runFiles.examples, await maskedExamples(clips, config));
    const summary = await runTraining(out, record, clips, signal);
    await writeRunJson(out, runFiles.summary, summary);
    await writeReport(out);
    return summary;
  } finally {
    await clips.store.close();
  }
}

/**
 * What the run in a folder was started with; `undefined` where there is none, or where it ended before its first step:
 * then nothing is lost when another one starts there.
 */
export async function begunRun(out: string): Promise<RunRecord | undefined> {
  if (!existsSync(join(out, runFiles.config))) return undefined;
  const begun =
    existsSync(join(out, 'train.lock')) || // at its first step, perhaps in another process
    (await lastCheckpoint(out)) !== undefined ||
    (await readLog(out)).length > 0;
  return begun ? await readRunRecord(out) : undefined;
}

/** The record of the run that is in `out`, with the settings that may change as they are now; refuses one that was started otherwise. */
async function runToGoOnWith({
  data,
  out,
  config,
  init,
}: Pick<PretrainOptions, 'data' | 'out' | 'config' | 'init'>): Promise<RunRecord | undefined> {
  const record = await begunRun(out);
  if (record === undefined) return undefined;
  const differences = [
    ...(record.data === resolve(data) ? [] : [`data ${record.data} -> ${resolve(data)}`]),
    ...(record.init === (init && resolve(init)) ? [] : [`init ${record.init ?? 'none'} -> ${init ?? 'none'}`]),
    ...configDifferences(record.config, config),
  ];
  if (differences.length > 0)
    throw new InputError(
      `${out} holds a run of another configuration (${differences.join(', ')}); give a new --out, or the settings of that run to go on with it`,
    );
  const now = { ...record, config };
  await writeRunJson(out, runFiles.config, now);
  return now;
}

/** Measures what the configuration leaves open and writes the record of a new run. */
async function startRun(
  { data, out, config, init, command }: Omit<PretrainOptions, 'backend'>,
  clips: OpenClips,
): Promise<RunRecord> {
  const { mean, std } = await standardization(config, clips);
  const steps =
    config.minutes === null ? config.steps : await stepsWithin(config.minutes, { config, clips, mean, std });
  const record: RunRecord = {
    config,
    data: resolve(data),
    ...(init !== undefined && { init: resolve(init) }),
    command,
    started: new Date().toISOString(),
    measured: { steps, mean, std },
  };
  await writeRunJson(out, runFiles.config, record);
  return record;
}

async function standardization(
  { data: { mean, std } }: Config,
  { store, kept }: OpenClips,
): Promise<{ readonly mean: number; readonly std: number }> {
  if (typeof mean === 'number' && typeof std === 'number') return { mean, std };
  const measured = await logMelStatistics(store, kept);
  return { mean: mean === 'dataset' ? measured.mean : mean, std: std === 'dataset' ? measured.std : std };
}

/** The batches of a run as pure functions of the step. */
function batchSource(
  config: Config,
  { store, kept }: OpenClips,
  standardizedBy: { readonly mean: number; readonly std: number },
) {
  const { batchSize, seed, model, data } = config;
  const { cropFrames: frames, maxSilence, mixing, timeOffset } = data;
  const grid = patchGrid(model.bins, frames, model.patch);
  const mask = maskStrategy(config);
  const batches = createBatches(store, {
    indices: kept,
    batchSize,
    frames,
    ...standardizedBy,
    seed,
    maxSilence,
    mixing,
  });
  return {
    at: async (step: number): Promise<MatpacBatch> => {
      const { data: spectrograms } = await batches.at(step);
      const offset = Math.floor(randomStream(seed, 'time offset', step)() * (timeOffset + 1));
      return makeBatch(spectrograms, mask(grid, batchSize, randomStream(seed, 'mask', step)), model, {
        frames,
        timeOffset: offset,
      });
    },
    close: () => batches.close(),
  };
}

// Steps that are timed for a time budget, after those that also prepare: the first one is traced, the second one optimised.
const TIMED = 7;
const PREPARING = 2;
// Of the budget, for what is not steps: checkpoints, pauses of a busy machine.
const RESERVE = 0.05;

/** How many steps fit into a time budget. */
async function stepsWithin(minutes: number, timed: Parameters<typeof timeSteps>[0]): Promise<number> {
  const { every } = timed.config.monitor;
  const { secondsPerStep, secondsPerLook } = await timeSteps(timed);
  const seconds = (1 - RESERVE) * 60 * minutes - secondsPerLook; // the one after the last step
  return Math.max(1, Math.floor(seconds / (secondsPerStep + (every > 0 ? secondsPerLook / every : 0))));
}

/**
 * Seconds of a step, from the first few of a run on a state that is thrown away, and of a look of the monitor (0 where it
 * is turned off).
 *
 * @param timed the run; `mean` and `std` standardise its log-mels
 */
export async function timeSteps({
  config,
  clips,
  mean,
  std,
}: {
  readonly config: Config;
  readonly clips: OpenClips;
  readonly mean: number;
  readonly std: number;
}): Promise<{ readonly secondsPerStep: number; readonly secondsPerLook: number }> {
  const options = matpacOptions(config);
  const update = compiledStep(options, config.precision);
  const scalars = schedule(options, 1000).at(1);
  const source = batchSource(config, clips, { mean, std });
  let state = initMatpac(options, config.seed);
  const seconds: number[] = [];
  for (let step = 0; step < PREPARING + TIMED; step++) {
    const began = performance.now();
    const batch = await source.at(step);
    const next = update(state, batch, scalars);
    await next.metrics.loss?.data();
    tf.dispose([state, batch, next.metrics] as unknown as tf.TensorContainer);
    state = next.state;
    if (step >= PREPARING) seconds.push((performance.now() - began) / 1000);
  }
  const began = performance.now();
  const hook = monitor(config, clips, { mean, std });
  await hook?.run({ state, step: PREPARING + TIMED, steps: PREPARING + TIMED, signal: undefined });
  const secondsPerLook = hook ? (performance.now() - began) / 1000 : 0;
  disposeTree(state);
  update.dispose();
  source.close();
  return { secondsPerStep: median(seconds), secondsPerLook }; // the median: the machine may have been busy in a step
}

async function runTraining(
  out: string,
  { config, data, init, measured }: RunRecord,
  clips: OpenClips,
  signal?: AbortSignal,
): Promise<RunSummary> {
  const options = matpacOptions(config);
  const source = batchSource(config, clips, measured);
  const step = compiledStep(options, config.precision);
  const hook = monitor(config, clips, measured);
  let progress: Progress | undefined;
  const lasting = new Map<string, number>(); // steps in a row for which a remark has held
  try {
    const {
      state,
      completed,
      step: reached,
    } = await train({
      directory: out,
      steps: measured.steps,
      fingerprint: { data, init, ...fixedSettings(config) },
      initial: async () => {
        const resumes = (await lastCheckpoint(out)) !== undefined; // then only the shapes are needed
        if (init === undefined || resumes) return initMatpac(options, config.seed);
        const { state: first, words } = await loadInit(init, config);
        console.error(`init: ${words}`);
        return first;
      },
      step,
      batchAt: source.at,
      scalarsAt: schedule(options, measured.steps).at,
      checkpointEvery: { steps: config.checkpointEvery },
      ...(signal && { signal }),
      ...(hook && { hooks: [hook] }),
      notesOf: (metrics) => signsOfCollapse(metrics, options).map((sign) => `collapse: ${sign}`),
      onStep: ({ step: done, steps, metrics, notes, stepsPerSecond }) => {
        for (const note of lasting.keys()) if (!notes.includes(note)) lasting.delete(note);
        for (const note of notes) {
          const held = (lasting.get(note) ?? 0) + 1;
          lasting.set(note, held);
          if (held === LASTING) console.error(`\n${note}, since step ${done - LASTING}`);
        }
        progress ??= startProgress('pretrain', steps, done - 1);
        progress.update(done, `${losses(metrics)}  ${(stepsPerSecond * config.batchSize).toFixed(0)} clips/s`);
      },
    });
    try {
      if (completed)
        await saveEncoder(out, state.student, {
          preset: config.preset,
          variant: config.variant,
          step: String(reached),
          ...toldBeside(config, measured),
        });
      return {
        completed,
        step: reached,
        steps: measured.steps,
        trainingSeconds: await trainingSeconds(out),
        parameters: countParameters(state.student),
        dataset: {
          name: clips.dataset.name,
          kept: clips.kept.length,
          skipped: clips.store.skipped,
          undecodable: undecodableFiles(clips.dataset),
        },
      };
    } finally {
      disposeTree(state);
    }
  } finally {
    step.dispose();
    progress?.stop();
    source.close();
  }
}

/**
 * A state of the configuration's sizes from a checkpoint, and in words what came from where.
 *
 * @throws InputError for one that does not fit
 */
async function loadInit(
  init: string,
  config: Config,
): Promise<{ readonly state: MatpacState; readonly words: string }> {
  const fresh = initMatpac(matpacOptions(config), config.seed);
  try {
    const file = await openCheckpoint(init);
    try {
      const { state, family, loaded, fresh: made, leftOver } = await loadState(file, fresh);
      if (leftOver.some((name) => /(^|\.)(hypotheses|mcl_heads)\./.test(name))) {
        disposeTree(state);
        throw new InputError(
          `--init ${init}: its predictor makes several hypotheses (MATPAC++), this variant one; add --set variant=matpacPlusPlus, or keep its encoder alone: audio-ssl convert --encoder-only`,
        );
      }
      return {
        state,
        words:
          `${family} ${init}: ${loaded.join(', ')}${made.length > 0 ? `; fresh: ${made.join(', ')}` : ''}` +
          (leftOver.length > 0 ? `; left over: ${firstOf(leftOver)}` : ''),
      };
    } finally {
      await file.close();
    }
  } finally {
    disposeTree(fresh);
  }
}

/** Names for a message: all, or some and how many more. */
const firstOf = (names: readonly string[]): string =>
  `${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;

function losses(metrics: Readonly<Record<string, number>>): string {
  return (['prediction', 'classification'] as const)
    .filter((name) => metrics[`loss/${name}`] !== undefined)
    .map((name) => `${name} ${metrics[`loss/${name}`]?.toFixed(3)}`)
    .join('  ');
}
