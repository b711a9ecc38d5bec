import {
  confusionMatrix,
  type Features,
  nearestNeighbours,
  pairedBootstrap,
  type Pooling,
  type ProbeResult,
  studentInterval,
} from '@audio-ssl/evaluation';
import { initMatpac } from '@audio-ssl/matpac';
import { disposeTree } from '@audio-ssl/params';
import { basename } from 'node:path';
import { matpacOptions, type ProbePooling } from './config/config-schema.js';
import { loadEncoder } from './encoder-weights.js';
import { few } from './few.js';
import { fineTune } from './fine-tune.js';
import { clipFeatures, logMelFeatures, runExtractor } from './features.js';
import { blocksOf, type Layers } from './layers.js';
import { openClips, type OpenClips } from './open-clips.js';
import type { ReportNeighbours, ReportProbe, ReportScore } from '@audio-ssl/report';
import { type Fitted, fitLinear, type ProbeMethods, probeMethods } from './probe-methods.js';
import { type ProbeTask, probeTask } from './probe-task.js';
import { bound, percent } from '@audio-ssl/report';
import { reportSound } from './report-sound.js';
import { readRunJsonOr, runFiles, writeRunJson } from './run-directory.js';
import { readRunRecord } from './run-record.js';
import { writeReport } from './write-report.js';

/** What {@link probe} is asked for. */
export interface ProbeOptions {
  /** Folder of a finished run. */
  readonly run: string;
  readonly layout: 'esc50' | 'nsynth';
  /** Folder of the labelled data set. */
  readonly root: string;
  /** What the report calls the data set; by default as it calls itself. */
  readonly name?: string | undefined;
  /** Poolings to probe; those of the run's configuration by default. */
  readonly poolings?: readonly ProbePooling[] | undefined;
  /** The classifiers; by default the linear probe with its exact solver alone. */
  readonly methods?: ProbeMethods | undefined;
  /** Blocks whose outputs are the features, side by side, counted from 0; the last one by default. */
  readonly layers?: Layers | undefined;
  /** Number of folds where the data set has none of its own; that of the run's configuration by default. */
  readonly folds?: number | undefined;
  /** Also fine-tune the whole encoder for so many epochs, from its random start and from its pretrained weights. */
  readonly fineTuneEpochs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const poolingNames: Readonly<Record<ProbePooling, string>> = {
  mean: 'time mean',
  max: 'maximum over time',
  'mean+std': 'mean + std over time',
  'mean+max': 'mean + max over time',
  'mean+std+max': 'mean + std + max over time',
};
const QUERIES = 6;
const NEAREST = 4;

/**
 * Probes a run: the same cross-validated classifier on its random start, on its pretrained encoder and on log-mel
 * statistics. Writes the outcome, the confusion matrix and nearest neighbours into the run's report.
 *
 * @returns one result for each pooling and classifier
 * @throws InputError for a layer that the encoder has not
 */
export async function probe({
  run,
  layout,
  root,
  poolings: asked,
  name,
  methods = {},
  layers: chosen,
  folds,
  fineTuneEpochs,
  signal,
}: ProbeOptions): Promise<readonly ReportProbe[]> {
  const { config, measured } = await readRunRecord(run);
  const layers = chosen && blocksOf(chosen, config.model.encoder.depth);
  const pretrained = await loadEncoder(run, config);
  const start = initMatpac(matpacOptions(config), config.seed);
  const poolings = asked ?? config.probe.pool;
  const clips = await openClips({
    root,
    layout,
    name,
    frontEnd: config.data.frontEnd,
    workers: config.data.workers,
    signal,
  });
  try {
    const began = performance.now();
    const task = probeTask(clips, folds ?? config.probe.folds);
    const what = { indices: clips.kept, poolings, signal };
    const randomFeatures = await clipFeatures(
      'random start',
      runExtractor(start.student, config, measured, layers),
      clips.store,
      what,
    );
    const features = await clipFeatures(
      'pretrained  ',
      runExtractor(pretrained, config, measured, layers),
      clips.store,
      what,
    );
    const groups = task.bootstrapGroups;
    const result = (pooling: string, before: Fitted, after: Fitted, more: Partial<ReportProbe>): ReportProbe => ({
      dataset: clips.dataset.name,
      target: layout === 'nsynth' ? 'instrument family' : 'sound class',
      pooling,
      folds: task.description,
      clips: clips.kept.length,
      skipped: clips.skipped,
      emptyClasses: task.emptyClasses,
      chance: task.chance,
      randomStart: score(before),
      pretrained: score(after),
      gain: {
        ...value(pairedBootstrap(after.correct, before.correct, groups && { groups })),
        ...overSeeds(after.perSeed?.map((share, i) => share - (before.perSeed?.[i] as number))),
      },
      classes: task.classNames,
      confusion: rows(confusionMatrix(after.predictions, task.labels, task.classes), task.classes),
      seconds: (performance.now() - began) / 1000,
      ...more,
    });
    const handMade = await logMelFeatures(clips.store, clips.kept);
    const results: ReportProbe[] = [];
    for (const { words: method, fit } of probeMethods(methods)) {
      const logMel = score(await fit('probe, log-mel', handMade, task, signal));
      for (const pooling of poolings) {
        const before = await fit('probe, random start', of(randomFeatures, pooling), task, signal);
        const after = await fit('probe, pretrained', of(features, pooling), task, signal);
        const where = layers ? `, ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')} (from 0)` : '';
        results.push(result(`${poolingNames[pooling]}${where}`, before, after, { logMel, ...(method && { method }) }));
      }
    }
    if (fineTuneEpochs !== undefined) {
      const how = { config, measured, epochs: fineTuneEpochs, signal };
      const before = await fineTune('from scratch       ', start.student, task, clips, how);
      const after = await fineTune('fine-tuning        ', pretrained, task, clips, how);
      const method = `the whole encoder trained on the labels for ${fineTuneEpochs} epoch${fineTuneEpochs === 1 ? '' : 's'}`;
      results.push(result(poolingNames.mean, before, after, { method }));
    }
    const others = (await readProbes(run)).filter(
      (old) =>
        !results.some((now) => now.dataset === old.dataset && now.pooling === old.pooling && now.method === old.method),
    );
    await writeRunJson(run, runFiles.probes, [...results, ...others]);
    await writeRunJson(run, runFiles.neighbours, await neighbours(of(features, poolings[0] ?? 'mean'), clips));
    await writeReport(run);
    return results;
  } finally {
    disposeTree(start);
    disposeTree(pretrained);
    await clips.store.close();
  }
}

/** What a run's probes have found so far, newest first. */
export async function readProbes(run: string): Promise<readonly ReportProbe[]> {
  return readRunJsonOr<readonly ReportProbe[]>(run, runFiles.probes, []);
}

/** Says what a probe found, for a terminal. */
export function probeSummary({
  dataset,
  target,
  pooling,
  method,
  folds,
  skipped = [],
  emptyClasses = [],
  randomStart,
  pretrained,
  logMel,
  gain,
}: ReportProbe): string {
  const line = (name: string, { value: mean, low, high, seeds }: ReportScore): string =>
    `  ${name.padEnd(20)} ${percent(mean).padStart(7)}   (95 % interval ${percent(low)} to ${percent(high)}${seeds ? `; over seeds ${percent(bound(seeds.low))} to ${percent(bound(seeds.high))}` : ''})`;
  const points = (x: number): string => (100 * x).toFixed(1);
  const gainOverSeeds = gain.seeds ? `; over seeds ${points(gain.seeds.low)} to ${points(gain.seeds.high)}` : '';
  return [
    `${dataset}, ${target}, ${pooling}, ${folds}${method === undefined ? '' : `; ${method}`}:`,
    line('random start', randomStart),
    ...(logMel ? [line('log-mel statistics', logMel)] : []),
    line('pretrained', pretrained),
    `  ${'gain'.padEnd(20)} ${`${points(gain.value)}`.padStart(5)} points (95 % interval ${points(gain.low)} to ${points(gain.high)}${gainOverSeeds})`,
    ...(skipped.length > 0
      ? [
          `  skipped ${skipped.length} file${skipped.length === 1 ? '' : 's'}: ${few(skipped.map(({ path }) => basename(path)))}; the report says why`,
        ]
      : []),
    ...(emptyClasses.length > 0 ? [`  left out, without a usable clip: ${few(emptyClasses)}`] : []),
  ].join('\n');
}

/** Probes one matrix of features by the linear probe with its exact solver, with a progress bar. */
export function fitProbe(
  name: string,
  features: Features,
  task: ProbeTask,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  return fitLinear(name, features, task, 'exact', signal);
}

async function neighbours(features: Features, { dataset, kept }: OpenClips): Promise<readonly ReportNeighbours[]> {
  const clip = (row: number) => dataset.clips[kept[row] as number] as (typeof dataset.clips)[number];
  const groups = kept.map((_, row) => clip(row).group ?? clip(row).id);
  const { indices, similarities, k } = await nearestNeighbours(features, {
    k: Math.min(NEAREST, features.rows - 1),
    groups,
  });
  const sound = async (row: number) => reportSound(clip(row).path, clip(row).id, clip(row).label);
  const queries = spread(kept.length, (row) => clip(row).label);
  return Promise.all(
    queries.map(async (row) => {
      const found = Array.from({ length: k }, (_, i) => row * k + i).filter((at) => (indices[at] as number) >= 0);
      return {
        query: await sound(row),
        neighbours: await Promise.all(
          found.map(async (at) => ({
            sound: await sound(indices[at] as number),
            similarity: similarities[at] as number,
          })),
        ),
      };
    }),
  );
}

/** A few rows, each of another class, evenly over the classes and not chosen by how well they turned out. */
function spread(rowCount: number, label: (row: number) => string | undefined): readonly number[] {
  const byLabel = new Map<string | undefined, number[]>();
  for (let row = 0; row < rowCount; row++) byLabel.set(label(row), [...(byLabel.get(label(row)) ?? []), row]);
  const middle = [...byLabel.values()].map((list) => list[Math.floor(list.length / 2)] as number);
  const wanted = Math.min(QUERIES, middle.length);
  return Array.from({ length: wanted }, (_, i) => middle[Math.floor((i * middle.length) / wanted)] as number);
}

function score({ accuracy, interval: { low, high }, perSeed, perFold }: Fitted): ReportScore {
  const folds = perFold?.map(({ fold, score: value }) => ({ fold, value }));
  return { value: accuracy, low, high, ...overSeeds(perSeed), ...(folds && { folds }) };
}

function overSeeds(perSeed: readonly number[] = []): Pick<ReportScore, 'seeds'> {
  if (perSeed.length < 2) return {};
  const { low, high } = studentInterval(perSeed);
  return { seeds: { low, high } };
}

function value({
  mean,
  low,
  high,
}: {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}): ReportScore {
  return { value: mean, low, high };
}

function of(features: ReadonlyMap<Pooling, Features>, pooling: Pooling): Features {
  const found = features.get(pooling);
  if (!found) throw new Error(`probe: expected features pooled by ${pooling}, got none`);
  return found;
}

function rows(matrix: Int32Array, classes: number): number[][] {
  return Array.from({ length: classes }, (_, row) => Array.from(matrix.subarray(row * classes, (row + 1) * classes)));
}
