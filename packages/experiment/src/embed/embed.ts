import type { LogMelOptions, Spectrogram } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import { openLogMels, SkippedClipError, type Clip, type LogMelStore } from '@audio-ssl/datasets';
import type { ExtractorOptions, OpenedModel } from '@audio-ssl/pretrained';
import { removeUnfinished, writeAtomically } from '@audio-ssl/tensor-files/node';
import { cannotWrite, requireWritableFile, runFiles } from '@audio-ssl/trainer';
import { existsSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { beginStage } from '../begin-stage.js';
import { openFeatureStore, type FeatureStore, type FileRows, type Stamp } from './feature-store.js';
import { sideBySide } from '../features.js';
import { InputError } from '../input-error.js';
import { blocksOf, type Layers } from '../layers.js';
import { listSounds, type ListedSound } from '../list-sounds.js';
import { openRunModel } from '../open-run-model.js';
import type { Reporter } from '../reporter.js';
import { featureTypes, placesFile, refusal, writeFeatures } from './write-features.js';

/** The options of {@link embed}. */
export interface EmbedOptions {
  /** A checkpoint file of any family (PyTorch or safetensors), or the folder of a finished run. */
  readonly checkpoint: string;
  /** Sound files, folders of them, or `-` for `stdin`. */
  readonly inputs: readonly string[];
  /** What `-` reads, such as `process.stdin`: a sound, or paths, one a line. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** The file to write: `.npy`, `.safetensors`, `.jsonl` or `.parquet`. */
  readonly out: string;
  /** Blocks whose output is written, from 0, or `'all'`; the last one's by default. */
  readonly layers?: Layers | undefined;
  /** One vector per time step instead of their mean. */
  readonly frames?: boolean | undefined;
  /** How a last piece is encoded: as long as it is (`'precise'`, the default), or filled up (`'fast'`). */
  readonly mode?: ExtractorOptions['mode'] | undefined;
  /** The patches of one time step: side by side (`'concat'`, the default) or averaged. */
  readonly frequency?: ExtractorOptions['frequency'] | undefined;
  /** Which encoder of a training checkpoint; the student's by default. */
  readonly network?: 'student' | 'teacher' | undefined;
  /** Attention heads, for checkpoints other than the published ones. */
  readonly numHeads?: number | undefined;
  /** The backend that runs; keeps compiled graphs in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  /** Stops the work; what is done is kept for the next call. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of {@link embed}. */
export interface Embedded {
  /** Files that were embedded, in this call and earlier ones. */
  readonly count: number;
  /** Values of one vector. */
  readonly dims: number;
  readonly failed: readonly FailedFile[];
  /** The file that lists the failed files; `undefined` when there are none. */
  readonly failedList: string | undefined;
}

/** A sound that could not be used. */
export interface FailedFile {
  readonly file: string;
  readonly reason: string;
}

/** Sounds encoded together. */
const BATCH = 8;

/**
 * Embeds any number of sounds with bounded memory. What is done is kept beside the result in `OUT.unfinished`, from where
 * the same call resumes after an interruption; a sound that has changed since is embedded again. Files that cannot be
 * read are left out and listed in `OUT.failed.jsonl`.
 *
 * @throws InputError or Error for options or a checkpoint that do not fit, and for a file that cannot be written
 * @example
 * const { count, dims } = await embed({ checkpoint: 'runs/first', inputs: ['recordings'], out: 'features.npy' });
 */
export async function embed(options: EmbedOptions): Promise<Embedded> {
  const { checkpoint, out, signal, backend, reporter, frames: perFrame = false } = options;
  if (!(featureTypes as readonly string[]).includes(extname(out)))
    throw new InputError(
      `\`out\` ${out}: expected a name that ends in .npy, .parquet, .safetensors or .jsonl`,
      'option',
    );
  const { sounds, close } = await listSounds(options.inputs, { stdin: options.stdin, reporter });
  const failedList = `${out}.failed.jsonl`;
  let model: OpenedModel | undefined;
  let store: FeatureStore | undefined;
  try {
    const refused = refusal(out, sounds.length);
    if (refused !== undefined) throw new InputError(`\`out\` ${out}: ${refused}`, 'option');
    const written = [out, failedList, ...(extname(out) === '.npy' ? [placesFile(out)] : [])];
    for (const path of written) await requireWritableFile(path, 'out');
    await mkdir(dirname(out), { recursive: true });
    model = await openRunModel(checkpoint, { network: options.network, numHeads: options.numHeads, backend, reporter });
    const { weights, settings } = model;
    const layers = options.layers && blocksOf(options.layers, weights.encoder.blocks.length);
    const extract = model.createExtractor({
      ...(options.mode && { mode: options.mode }),
      ...(options.frequency && { frequency: options.frequency }),
      ...(layers && { layers }),
      time: perFrame ? 'frames' : 'mean',
    });
    const rows = options.frequency === 'mean' ? 1 : settings.logMel.melBins / settings.patch[0];
    const dims = rows * weights.cls_token.shape.at(-1)!;
    store = await openFeatureStore(`${out}.unfinished`, settingsOf(options), (layers?.length ?? 1) * dims);
    for (const path of written) await removeUnfinished(dirname(path), path); // nobody else writes there now
    // A sound from standard input has a new file in each call, so that it is never taken for an earlier one.
    const clips = sounds.map((sound) => ({ ...sound, stamp: stampOf(sound.path) }));
    const left = clips.filter(({ id, stamp }) => !store!.has(id, stamp));
    if (left.length < clips.length)
      reporter?.note?.(`resuming: ${clips.length - left.length} of ${clips.length} files are done`);
    const features = async (spectrograms: readonly Spectrogram[]): Promise<Float32Array[]> =>
      (await extract.fromLogMels(spectrograms)).map((found) => (layers ? sideBySide(found) : found.data));
    const { logMel } = settings;
    const failed = await embedAll(left, { total: clips.length, store, logMel, features, reporter, signal });
    const unusable = new Set(failed.map(({ file }) => file));
    const files = store.select(sounds.map(({ id }) => id).filter((id) => !unusable.has(id)));
    await writeFeatures(
      { store, files },
      {
        ...{ perFrame, dims, secondsPerFrame: (logMel.hopLength / logMel.sampleRate) * settings.patch[1] },
        layers: layers && layers.length > 1 ? layers : undefined,
        metadata: {
          pooling: perFrame ? 'none' : 'time mean',
          model: model.family,
          ...(layers && { layers: layers.join() }),
        },
      },
      out,
    );
    if (failed.length > 0) {
      const lines = failed.map((entry) => `${JSON.stringify(entry)}\n`);
      await writeAtomically(failedList, lines).catch((error: unknown) => {
        throw cannotWrite(failedList, error);
      });
    } else await rm(failedList, { force: true });
    await store.remove();
    store = undefined;
    return { count: files.length, dims, failed, failedList: failed.length > 0 ? failedList : undefined };
  } finally {
    await store?.close();
    model?.dispose();
    await close();
  }
}

/** What distinguishes one content of a file from another; `undefined` for a file that is not there. */
function stampOf(path: string): Stamp | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { size: found.size, modified: found.mtimeMs };
}

/** Everything that decides the numbers: with other settings, what was begun is of no use. */
function settingsOf({ checkpoint, layers, frames, mode, frequency, network, numHeads }: EmbedOptions): object {
  const weights = join(checkpoint, runFiles.weights); // the folder of a run changes with every report
  const { size, mtimeMs } = statSync(existsSync(weights) ? weights : checkpoint);
  return { checkpoint: resolve(checkpoint), size, mtimeMs, layers, frames, mode, frequency, network, numHeads };
}

async function embedAll(
  sounds: readonly (ListedSound & { readonly stamp: Stamp | undefined })[],
  {
    total,
    store,
    logMel,
    features,
    reporter,
    signal,
  }: {
    /** Sounds in all, with those that were done before. */
    readonly total: number;
    readonly store: FeatureStore;
    readonly logMel: LogMelOptions;
    readonly features: (spectrograms: readonly Spectrogram[]) => Promise<Float32Array[]>;
    readonly reporter: Reporter | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<FailedFile[]> {
  const failed: FailedFile[] = [];
  if (sounds.length === 0) return failed;
  const clips = sounds.map(({ id, path }): Clip => ({ id, path: resolve(path) }));
  const workers = Math.min(8, availableParallelism());
  const logMels = await openLogMels(clips, { logMel, workers, memory: 0, fillShort: true });
  let done = total - sounds.length;
  const progress = beginStage(reporter, 'embed', total, done);
  try {
    let batch: { index: number; spectrogram: Spectrogram }[] = [];
    const flush = async (): Promise<void> => {
      const rows = await features(batch.map(({ spectrogram }) => spectrogram));
      await store.append(
        batch.map(({ index }, i): FileRows => {
          const { id: file, stamp } = sounds[index]!;
          return { file, stamp, rows: rows[i]! };
        }),
      );
      done += batch.length;
      batch = [];
      progress(done + failed.length, failed.length > 0 ? `${failed.length} failed` : undefined);
    };
    for await (const { index, loaded } of inOrder(logMels, 2 * workers + BATCH)) {
      signal?.throwIfAborted();
      if (loaded instanceof SkippedClipError) failed.push({ file: clips[index]!.id, reason: loaded.reason });
      else batch.push({ index, spectrogram: loaded });
      if (batch.length === BATCH) await flush();
    }
    if (batch.length > 0) await flush();
    return failed;
  } finally {
    await logMels.close();
  }
}

/** Every spectrogram in order, with a few computed ahead. */
async function* inOrder(
  logMels: LogMelStore,
  ahead: number,
): AsyncGenerator<{ index: number; loaded: Spectrogram | SkippedClipError }> {
  const pending: Promise<Spectrogram | SkippedClipError>[] = [];
  const start = (index: number): void => {
    const loading = logMels.load(index).catch((error: unknown) => {
      if (error instanceof SkippedClipError) return error;
      throw error;
    });
    loading.catch(() => undefined); // it is awaited later, or never when the work is stopped
    pending.push(loading);
  };
  const count = logMels.clips.length;
  for (let index = 0; index < Math.min(ahead, count); index++) start(index);
  for (let index = 0; index < count; index++) {
    const loaded = await pending.shift()!;
    yield { index, loaded };
    if (index + ahead < count) start(index + ahead);
  }
}
