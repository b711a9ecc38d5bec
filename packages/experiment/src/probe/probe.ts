import type { StartedBackend } from '@audio-ssl/backend';
import { detectLayout, labelledLayouts, layouts, type LayoutName } from '@audio-ssl/datasets';
import type { Features, Pooling } from '@audio-ssl/evaluation';
import { disposeTree } from '@audio-ssl/params';
import type { ReportNeighbours, ReportProbe } from '@audio-ssl/report';
import { newestCheckpoint, readJsonOr, runFiles, writeJson } from '@audio-ssl/trainer';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProbePooling } from '../config/config-schema.js';
import { loadEncoder } from '../encoder-weights.js';
import { clipFeatures, logMelFeatures, runExtractor } from '../features.js';
import { InputError } from '../input-error.js';
import { blocksOf, type Layers } from '../layers.js';
import { featureClips, openClips, type OpenClips } from '../open-clips.js';
import { initialEncoder } from '../pretrain/initial-state.js';
import { matpacMethod } from '../pretrain/matpac-method.js';
import type { Method } from '../pretrain/method.js';
import type { Reporter } from '../reporter.js';
import { withReportLock } from '../report-lock.js';
import { readRunRecord, type RunRecord } from '../run-record.js';
import { withDefaults, type SoundSettings } from '../sound-settings.js';
import { writeReport } from '../write-report.js';
import { fineTune } from './fine-tune.js';
import { probeMethods, type ProbeMethods } from './probe-methods.js';
import { probeTask } from './probe-task.js';
import { reportNeighbours } from './report-neighbours.js';
import { reportProbe, score } from './report-probe.js';

/** The options of {@link probe}. */
export interface ProbeOptions extends SoundSettings {
  /** Folder of a run, finished or not. */
  readonly run: string;
  /** Folder of the labelled data set. */
  readonly root: string;
  /** Its layout; by default the one that it is recognised as. */
  readonly layout?: LayoutName | undefined;
  /** What the report calls the data set; by default as it calls itself. */
  readonly name?: string | undefined;
  /** The method that the run was pretrained with, where it is one's own. */
  readonly method?: Method | undefined;
  /** How frame features become one vector a clip; as the run's configuration says by default. */
  readonly poolings?: readonly ProbePooling[] | undefined;
  /** The classifiers; by default the linear probe with its exact solver alone. */
  readonly methods?: ProbeMethods | undefined;
  /** Blocks whose outputs are the features, side by side, counted from 0; the last one by default. */
  readonly layers?: Layers | undefined;
  /** The checkpoint of the run after so many steps. By default the weights of a finished run, and the newest checkpoint of another. */
  readonly atStep?: number | undefined;
  /** Number of folds where the data set has none of its own; that of the run's configuration by default. */
  readonly folds?: number | undefined;
  /** Also fine-tune the whole encoder for this many epochs, from its random start and from its pretrained weights. */
  readonly fineTuneEpochs?: number | undefined;
  /** What `startBackend` returned; log-mels and graphs are kept in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

const poolingNames: Readonly<Record<ProbePooling, string>> = {
  mean: 'time mean',
  max: 'maximum over time',
  'mean+std': 'mean + std over time',
  'mean+max': 'mean + max over time',
  'mean+std+max': 'mean + std + max over time',
};

/**
 * Probes a run: the same cross-validated classifier on its random start, on its pretrained encoder and on log-mel
 * statistics. Writes the outcome, the confusion matrix and nearest neighbours into the run's report. A tensor backend must
 * be running.
 *
 * @returns one result for each pooling and classifier
 * @throws InputError for a layer that the encoder does not have, for data that a probe cannot be trained and tested on, and
 * for a run without a checkpoint; the signal's reason when it is aborted
 * @example
 * const [{ pretrained, randomStart }] = await probe({ run: 'runs/first', root: 'ESC-50-master' });
 */
export async function probe(options: ProbeOptions): Promise<readonly ReportProbe[]> {
  const { run, root, name, backend, reporter, signal } = options;
  const record = await readRunRecord(run);
  const { config } = record;
  const method = methodOf(record, options);
  const layers = options.layers && blocksOf(options.layers, config.model.encoder.depth);
  const layout = options.layout ?? (await recognised(root));
  const step = options.atStep ?? (await stepOfUnfinished(run, reporter));
  const pretrained = await loadEncoder(run, config, { atStep: step, reporter });
  let start: SpectrogramEncoder | undefined;
  let clips: OpenClips | undefined;
  try {
    start = initialEncoder(method, config.seed);
    const reading = withDefaults(options, config.data);
    clips = await openClips({
      ...{ root, layout, name, backend, reporter, signal },
      ...featureClips(config),
      ...reading,
    });
    const all = { ...options, ...reading, layers };
    const { results: found, neighbours } = await probeEncoders({ start, pretrained }, record, clips, all);
    const results = step === undefined ? found : found.map((result) => afterSteps(result, step));
    await withReportLock(run, async () => {
      await saveProbes(run, results);
      await writeJson(join(run, runFiles.neighbours), neighbours);
    });
    await writeReport(run);
    return results;
  } finally {
    disposeTree(pretrained);
    if (start) disposeTree(start);
    await clips?.store.close();
  }
}

/** The step of the newest checkpoint of a run that has not finished. */
async function stepOfUnfinished(run: string, reporter: Reporter | undefined): Promise<number | undefined> {
  if (existsSync(join(run, runFiles.weights))) return undefined;
  const newest = await newestCheckpoint(run, { onWarning: (message) => reporter?.warning?.(message) });
  if (newest) reporter?.note?.(`${run} has not finished: took its newest checkpoint, after ${newest.step} steps`);
  return newest?.step;
}

/** A result of an encoder that is not the run's last one, which is said where the classifier is. */
const afterSteps = (result: ReportProbe, step: number): ReportProbe => ({
  ...result,
  method: [...(result.method === undefined ? [] : [result.method]), `after ${step} steps`].join(', '),
});

async function probeEncoders(
  { start, pretrained }: { readonly start: SpectrogramEncoder; readonly pretrained: SpectrogramEncoder },
  { config, measured }: RunRecord,
  clips: OpenClips,
  {
    poolings = config.probe.pool,
    methods = {},
    folds = config.probe.folds,
    layers,
    fineTuneEpochs,
    backend,
    reporter,
    signal,
    channel,
    ffmpeg,
  }: Omit<ProbeOptions, 'layers'> & { readonly layers: readonly number[] | undefined },
): Promise<{ readonly results: readonly ReportProbe[]; readonly neighbours: readonly ReportNeighbours[] }> {
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const stage = { reporter, signal };
  const task = probeTask(clips, folds);
  const embedded = (name: string, encoder: SpectrogramEncoder): Promise<Map<Pooling, Features>> =>
    clipFeatures(name, runExtractor(encoder, config, measured, { backend, ...(layers && { layers }) }), clips.store, {
      indices: clips.kept,
      poolings,
      ...stage,
    });
  const randomFeatures = await embedded('random start', start);
  const features = await embedded('pretrained', pretrained);
  const handMade = await logMelFeatures(clips.store, clips.kept, { signal });
  const results: ReportProbe[] = [];

  for (const { words, fit } of probeMethods(methods)) {
    const logMel = score(await fit('probe, log-mel', handMade, task, stage));
    for (const pooling of poolings) {
      const before = await fit('probe, random start', randomFeatures.get(pooling)!, task, stage);
      const after = await fit('probe, pretrained', features.get(pooling)!, task, stage);
      const where = layers ? `, ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')} (from 0)` : '';
      const how = { pooling: `${poolingNames[pooling]}${where}`, ...(words !== undefined && { method: words }) };
      results.push(reportProbe(clips, task, { before, after }, { ...how, logMel, seconds: seconds() }));
    }
  }
  if (fineTuneEpochs !== undefined) {
    const training = { config, measured, epochs: fineTuneEpochs, backend, ...stage };
    const before = await fineTune('from scratch', start, task, clips, training);
    const after = await fineTune('fine-tuning', pretrained, task, clips, training);
    const epochs = `${fineTuneEpochs} epoch${fineTuneEpochs === 1 ? '' : 's'}`;
    const method = `the whole encoder trained on the labels for ${epochs}`;
    const how = { pooling: poolingNames.mean, method };
    results.push(reportProbe(clips, task, { before, after }, { ...how, seconds: seconds() }));
  }
  const sounds = { channel, ffmpeg };
  return { results, neighbours: await reportNeighbours(features.get(poolings[0] ?? 'mean')!, clips, sounds) };
}

/**
 * What a run's probes have found so far, newest first; empty when there is none.
 *
 * @param run the run's folder
 * @example
 * const [newest] = await readProbes('runs/first');
 */
export async function readProbes(run: string): Promise<readonly ReportProbe[]> {
  return readJsonOr<readonly ReportProbe[]>(join(run, runFiles.probes), []);
}

/** Saves results, under the lock of the report, in place of those of the same data, pooling and classifier. */
async function saveProbes(run: string, results: readonly ReportProbe[]): Promise<void> {
  const same = (a: ReportProbe, b: ReportProbe): boolean =>
    a.dataset === b.dataset && a.pooling === b.pooling && a.method === b.method;
  const others = (await readProbes(run)).filter((old) => !results.some((now) => same(now, old)));
  await writeJson(join(run, runFiles.probes), [...results, ...others]);
}

/** The method that a run was pretrained with, which knows the random start. */
function methodOf({ config, method }: RunRecord, { run, method: given }: ProbeOptions): Method {
  if (method === given?.name) return given ?? matpacMethod(config);
  throw new InputError(
    method === undefined
      ? `\`method\`: ${run} was pretrained as its configuration says; leave \`method\` out`
      : `\`method\`: ${run} was pretrained with ${method}, got ${given?.name ?? 'none'}; give the method that it was pretrained with`,
    'option',
  );
}

async function recognised(root: string): Promise<LayoutName> {
  const found = await detectLayout(root);
  if (found !== undefined && layouts[found].labelled) return found;
  throw new InputError(
    `\`root\` ${root}: expected a data set in the layout of ${labelledLayouts.join(' or ')}; give another folder, or its \`layout\``,
  );
}
