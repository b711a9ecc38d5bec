import type { LogMelOptions, Spectrogram } from '@audio-ssl/audio-frontend';
import { openLogMels, SkippedClipError, type Clip, type LogMelStore } from '@audio-ssl/datasets';
import type { ExtractorOptions } from '@audio-ssl/pretrained';
import { existsSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { openFeatureStore, type FeatureStore, type FileRows, type Stamp } from './feature-store.js';
import { sideBySide } from './features.js';
import { blocksOf, type Layers } from './layers.js';
import { listSounds, type ListedSound } from './list-sounds.js';
import { openModel, type OpenModel } from './open-model.js';
import { startProgress } from './progress.js';
import { cannotWrite, requireWritableFile, runFiles } from './run-directory.js';
import { InputError } from './input-error.js';
import { featureTypes, placesFile, refusal, writeFeatures } from './write-features.js';

/** What {@link embed} is asked for. */
export interface EmbedOptions {
  /** A checkpoint file of any family (PyTorch or safetensors), or the folder of a finished run. */
  readonly checkpoint: string;
  /** Sound files, folders of them, or `-` for standard input: a sound, or paths, one a line. */
  readonly inputs: readonly string[];
  /** The file to write: `.npy`, `.safetensors`, `.jsonl` or `.parquet`. */
  readonly out: string;
  /** Blocks whose output is written, from 0, or `'all'`; the last one's by default. */
  readonly layers?: Layers | undefined;
  /** One vector a time step instead of their mean. */
  readonly frames?: boolean | undefined;
  readonly mode?: ExtractorOptions['mode'] | undefined;
  readonly frequency?: ExtractorOptions['frequency'] | undefined;
  readonly network?: 'student' | 'teacher' | undefined;
  /** Attention heads, for checkpoints that are none of the published ones. */
  readonly heads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What {@link embed} did. */
export interface Embedded {
  /** Files that were embedded, in all sessions. */
  readonly count: number;
  /** Values of one vector. */
  readonly dims: number;
  readonly failed: readonly FailedFile[];
  /** Where the list of failed files stands; `undefined` when there is none. */
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
 * the same command goes on after an interruption; a sound that has changed since is computed anew. Files that can't be read
 * are left out and listed in `OUT.failed.jsonl`.
 */
export async function embed(options: EmbedOptions): Promise<Embedded> {
  const { checkpoint, out, signal, frames: perFrame = false } = options;
  if (!(featureTypes as readonly string[]).includes(extname(out)))
    throw new InputError(`--out ${out}: expected a name that ends in .npy, .parquet, .safetensors or .jsonl`, 'option');
  const { sounds, close } = await listSounds(options.inputs);
  const failedList = `${out}.failed.jsonl`;
  let model: OpenModel | undefined;
  let store: FeatureStore | undefined;
  try {
    const refused = refusal(out, sounds.length);
    if (refused !== undefined) throw new InputError(`--out ${out}: ${refused}`, 'option');
    for (const path of [out, failedList, ...(extname(out) === '.npy' ? [placesFile(out)] : [])])
      await requireWritableFile(path);
    await mkdir(dirname(out), { recursive: true });
    model = await openModel(checkpoint, { network: options.network, heads: options.heads });
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
    // A sound from standard input lies in a new file each time, so that another one is never taken for it.
    const clips = sounds.map((sound) => ({ ...sound, stamp: stampOf(sound.path) }));
    const left = clips.filter(({ id, stamp }) => !store!.has(id, stamp));
    if (left.length < clips.length)
      console.error(`going on: ${clips.length - left.length} of ${clips.length} files are done`);
    const failed = await embedAll(left, clips.length, store, settings.logMel, signal, async (spectrograms) =>
      (await extract.fromLogMels(spectrograms)).map((features) => (layers ? sideBySide(features) : features.data)),
    );
    const unusable = new Set(failed.map(({ file }) => file));
    const files = store.select(sounds.map(({ id }) => id).filter((id) => !unusable.has(id)));
    const hop = settings.logMel.hopLength / settings.logMel.sampleRate;
    await writeFeatures(
      { store, files },
      {
        ...{ perFrame, dims, secondsPerFrame: hop * settings.patch[1] },
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
      await writeFile(failedList, lines.join('')).catch((error: unknown) => {
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

/** What tells one content of a file from another; `undefined` for a file that is not there. */
function stampOf(path: string): Stamp | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { size: found.size, modified: found.mtimeMs };
}

/** All that decides on the numbers: with anything else, what was begun is of no use. */
function settingsOf({ checkpoint, layers, frames, mode, frequency, network, heads }: EmbedOptions): object {
  const weights = join(checkpoint, runFiles.weights); // the folder of a run changes with every report
  const { size, mtimeMs } = statSync(existsSync(weights) ? weights : checkpoint);
  return { checkpoint: resolve(checkpoint), size, mtimeMs, layers, frames, mode, frequency, network, heads };
}

async function embedAll(
  sounds: readonly (ListedSound & { readonly stamp: Stamp | undefined })[],
  total: number,
  store: FeatureStore,
  logMel: LogMelOptions,
  signal: AbortSignal | undefined,
  features: (spectrograms: readonly Spectrogram[]) => Promise<Float32Array[]>,
): Promise<FailedFile[]> {
  const failed: FailedFile[] = [];
  if (sounds.length === 0) return failed;
  const clips = sounds.map(({ id, path }): Clip => ({ id, path: resolve(path) }));
  const workers = Math.min(8, availableParallelism());
  const logMels = await openLogMels(clips, { logMel, workers, memory: 0, fillShort: true });
  let done = total - sounds.length;
  const progress = startProgress('embed', total, done);
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
      progress.update(done + failed.length, failed.length > 0 ? `${failed.length} failed` : '');
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
    progress.stop();
    await logMels.close();
  }
}

/** Every spectrogram in order, a few of them being computed ahead. */
async function* inOrder(
  logMels: LogMelStore,
  ahead: number,
): AsyncGenerator<{ index: number; loaded: Spectrogram | SkippedClipError }> {
  const underWay: Promise<Spectrogram | SkippedClipError>[] = [];
  const start = (index: number): void => {
    const loading = logMels.load(index).catch((error: unknown) => {
      if (error instanceof SkippedClipError) return error;
      throw error;
    });
    loading.catch(() => undefined); // it is awaited later, or never when the work was stopped
    underWay.push(loading);
  };
  const count = logMels.clips.length;
  for (let index = 0; index < Math.min(ahead, count); index++) start(index);
  for (let index = 0; index < count; index++) {
    const loaded = await underWay.shift()!;
    yield { index, loaded };
    if (index + ahead < count) start(index + ahead);
  }
}
