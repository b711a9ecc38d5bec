import type { LogMelOptions, Spectrogram } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import { howFar, openLogMels, SkippedClipError, type Clip, type SoundNotice } from '@audio-ssl/datasets';
import type { Extractor, ExtractorOptions, FrameFeatures } from '@audio-ssl/pretrained';
import { removeUnfinished, writeAtomically } from '@audio-ssl/tensor-files/node';
import { cannotWrite, requireWritableFile } from '@audio-ssl/trainer';
import { statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { beginStage } from '../begin-stage.js';
import { openFeatureStore, type FeatureStore, type FileRows, type Stamp } from './feature-store.js';
import { pieceFramesOf, sideBySide } from '../features.js';
import { InputError } from '../input-error.js';
import { blocksOf, type Layers } from '../layers.js';
import { listSounds, type ListedSound } from '../list-sounds.js';
import { loadAhead, type LoadedClip } from '../load-ahead.js';
import { nothingUsable } from '../nothing-usable.js';
import { reportNotices } from '../open-clips.js';
import { openRunModel, type OpenRunModelOptions, type RunModel } from '../open-run-model.js';
import type { Reporter } from '../reporter.js';
import { soundSettings, type DecidedSoundSettings, type SoundSettings } from '../sound-settings.js';
import { featureTypes, placesFile, refusal, writeFeatures } from './write-features.js';

/** The options of {@link embed}. */
export interface EmbedOptions extends SoundSettings {
  /** A checkpoint of any family (PyTorch or safetensors), or the folder of a run, finished or not. */
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
  /** The checkpoint of a run after so many steps. By default the weights of a finished run, and the newest checkpoint of another. */
  readonly atStep?: number | undefined;
  /** Attention heads, for checkpoints other than the published ones that do not state them. */
  readonly numHeads?: number | undefined;
  /** What a checkpoint does not state of its encoder, as in `LoadModelOptions` of `@audio-ssl/pretrained`. */
  readonly facts?: OpenRunModelOptions['facts'];
  /** The backend that runs; keeps compiled graphs in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  /** Puts the messages in the lists beside the result into other words, as the command does with its flags. */
  readonly inWords?: ((message: string) => string) | undefined;
  /** Stops the work within a second or two; the sounds that are done are kept for the next call. */
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
  /** What folders hold and no sound is lost with, such as what macOS leaves beside sounds. */
  readonly passedOver: readonly FailedFile[];
  /** What is odd about files that were embedded, in this call and earlier ones. */
  readonly notices: readonly SoundNotice[];
  /** The file that lists what is passed over and what is odd; `undefined` when there is nothing of it. */
  readonly noticesList: string | undefined;
}

/** A sound that is left out. */
export interface FailedFile {
  readonly file: string;
  /** What was expected, what came, and what to do. */
  readonly reason: string;
  /** A short phrase to count by, such as `truncated`. */
  readonly cause: string;
}

/** Sounds encoded together. */
const BATCH = 8;

/** Sounds that are loaded ahead: the next batch, and what keeps the threads that compute log-mels busy. */
const AHEAD = BATCH + 4;

/**
 * Embeds any number of sounds of any length with bounded memory: long ones go through the encoder piece by piece, and with
 * `frames` their rows go to disk as they are made. What is done is kept beside the result in `OUT.unfinished`, from where
 * the same call resumes after an interruption, with the sound that it was at from its start; a sound that has changed since
 * is embedded again. Files that cannot be read are left out and listed in `OUT.failed.jsonl`; what is passed over in folders,
 * and what is odd about sounds that are used, in `OUT.notices.jsonl`.
 *
 * @throws InputError or Error for options or a checkpoint that do not fit, when not one sound can be used, and for a file
 * that cannot be written
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
  const { sounds, skipped, close } = await listSounds(options.inputs, {
    stdin: options.stdin,
    ffmpeg: options.ffmpeg,
    signal,
  });
  const [failedList, noticesList] = [`${out}.failed.jsonl`, `${out}.notices.jsonl`];
  let model: RunModel | undefined;
  let store: FeatureStore | undefined;
  try {
    const refused = refusal(out, sounds.length);
    if (refused !== undefined) throw new InputError(`\`out\` ${out}: ${refused}`, 'option');
    const written = [out, failedList, noticesList, ...(extname(out) === '.npy' ? [placesFile(out)] : [])];
    for (const path of written) await requireWritableFile(path, 'out');
    await mkdir(dirname(out), { recursive: true });
    const { network, atStep, numHeads, facts } = options;
    model = await openRunModel(checkpoint, { network, atStep, numHeads, facts, backend, reporter });
    const { weights, settings } = model;
    const reading = await soundSettings(checkpoint, options);
    const layers = options.layers && blocksOf(options.layers, weights.encoder.blocks.length);
    const extract = model.createExtractor({
      ...(options.mode && { mode: options.mode }),
      ...(options.frequency && { frequency: options.frequency }),
      ...(layers && { layers }),
      time: perFrame ? 'frames' : 'mean',
    });
    const rows = options.frequency === 'mean' ? 1 : settings.logMel.melBins / settings.patch[0];
    const dims = rows * weights.cls_token.shape.at(-1)!;
    store = await openFeatureStore(
      `${out}.unfinished`,
      settingsOf(options, reading, model.file),
      (layers?.length ?? 1) * dims,
    );
    for (const path of written) await removeUnfinished(dirname(path), path); // nobody else writes there now
    // A sound from standard input has a new file in each call, so that it is never taken for an earlier one.
    const clips = sounds.map((sound) => ({ ...sound, stamp: stampOf(sound.path) }));
    const left = clips.filter(({ id, stamp }) => !store!.has(id, stamp));
    if (store.damaged > 0)
      reporter?.warning?.(
        `${store.damaged} of the files that an earlier call embedded have damaged features, and are embedded again`,
      );
    if (left.length < clips.length)
      reporter?.note?.(`resuming: ${clips.length - left.length} of ${clips.length} files are done`);
    const rowsOf = (found: FrameFeatures): Float32Array => (layers ? sideBySide(found) : found.data);
    const { logMel, chunkFrames } = settings;
    const leftOut = (over: boolean): FailedFile[] =>
      skipped.flatMap(({ path: file, reason, cause, passedOver = false }) =>
        passedOver === over ? [{ file, reason, cause }] : [],
      );
    const passedOver = leftOut(true);
    const failed = [
      ...leftOut(false),
      ...(await embedAll(left, {
        total: clips.length,
        store,
        logMels: { logMel, segmentFrames: pieceFramesOf(chunkFrames), ...reading },
        extract,
        rowsOf,
        reporter,
        signal,
      })),
    ];
    const unusable = new Set(failed.map(({ file }) => file));
    const files = store.select(sounds.map(({ id }) => id).filter((id) => !unusable.has(id)));
    const inWords = options.inWords ?? ((message: string) => message);
    await writeList(
      failedList,
      failed.map(({ reason, ...entry }) => ({ ...entry, reason: inWords(reason) })),
    );
    if (files.length === 0) {
      await rm(noticesList, { force: true });
      if (store.size === 0) {
        await store.remove();
        store = undefined;
      }
      throw nothingUsable(
        failed.map(({ file: path, ...why }) => ({ path, ...why })),
        { list: failedList },
      );
    }
    const notices = files.flatMap(({ file, notices: own = [] }) => own.map((notice) => ({ path: file, ...notice })));
    reportNotices(notices, reporter);
    await writeList(noticesList, [
      ...notices.map(({ path: file, kind, message, next }) => {
        return { file, used: true, kind, message: inWords(next === undefined ? message : `${message}; ${next}`) };
      }),
      ...passedOver.map(({ file, cause, reason }) => ({ file, used: false, kind: cause, message: inWords(reason) })),
    ]);
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
    await store.remove();
    store = undefined;
    return {
      ...{ count: files.length, dims, failed, passedOver, notices },
      failedList: failed.length > 0 ? failedList : undefined,
      noticesList: notices.length + passedOver.length > 0 ? noticesList : undefined,
    };
  } finally {
    await store?.close();
    model?.dispose();
    await close();
  }
}

/** Writes a list, a line of JSON an entry; without entries there is none. */
async function writeList(path: string, entries: readonly object[]): Promise<void> {
  if (entries.length === 0) return rm(path, { force: true });
  await writeAtomically(
    path,
    entries.map((entry) => `${JSON.stringify(entry)}\n`),
  ).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}

/** What distinguishes one content of a file from another; `undefined` for a file that is not there. */
function stampOf(path: string): Stamp | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { size: found.size, modified: found.mtimeMs };
}

/** Everything that decides the numbers: with other settings, what was begun is of no use. */
function settingsOf(
  { checkpoint, layers, frames, mode, frequency, network, numHeads, facts }: EmbedOptions,
  { channel, damaged, ffmpeg }: DecidedSoundSettings,
  file: string,
): object {
  const { size, mtimeMs } = statSync(file); // of the tensors: the folder of a run changes with every report
  return {
    ...{ checkpoint: resolve(checkpoint), size, mtimeMs, layers, frames, mode, frequency, network, numHeads },
    ...(resolve(file) !== resolve(checkpoint) && { file: resolve(file) }),
    ...(facts && { facts }),
    ...(channel !== 'mean' && { channel }),
    ...(damaged !== 'refuse' && { damaged }),
    ...(!ffmpeg && { ffmpeg }),
  };
}

async function embedAll(
  sounds: readonly (ListedSound & { readonly stamp: Stamp | undefined })[],
  {
    total,
    store,
    logMels: logMelOptions,
    extract,
    rowsOf,
    reporter,
    signal,
  }: {
    /** Sounds in all, with those that were done before. */
    readonly total: number;
    readonly store: FeatureStore;
    readonly logMels: { readonly logMel: LogMelOptions; readonly segmentFrames: number } & DecidedSoundSettings;
    readonly extract: Extractor;
    /** The rows of the store. */
    readonly rowsOf: (features: FrameFeatures) => Float32Array;
    readonly reporter: Reporter | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<FailedFile[]> {
  const failed: FailedFile[] = [];
  if (sounds.length === 0) return failed;
  const clips = sounds.map(({ id, path }): Clip => ({ id, path: resolve(path) }));
  const logMels = await openLogMels(clips, { ...logMelOptions, memory: 0, fillShort: true });
  let done = total - sounds.length;
  const stage = beginStage(reporter, 'embed', total, done);
  const progress = (detail?: string): void => {
    const bad = failed.length > 0 ? `${failed.length} failed` : undefined;
    stage(done + failed.length, [bad, detail].filter(Boolean).join(', ') || undefined);
  };
  const listed = ({ index, notices }: LoadedClip, rows: FileRows['rows']): FileRows => {
    const { id: file, stamp } = sounds[index]!;
    const own = notices.map(({ kind, message, next }) => ({ kind, message, ...(next !== undefined && { next }) }));
    return { file, stamp, rows, ...(own.length > 0 && { notices: own }) };
  };
  const fail = (index: number, { reason, cause }: SkippedClipError): void => {
    failed.push({ file: clips[index]!.id, reason, cause });
    progress();
  };
  try {
    let batch: LoadedClip[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length === 0) return;
      const features = await extract.fromLogMels(batch.map(({ first }) => first));
      await store.append(batch.map((clip, i) => listed(clip, rowsOf(features[i]!))));
      done += batch.length;
      batch = [];
      progress();
    };
    /** The rows of a long sound as they are made. */
    async function* rows({ index, pieces, spectrograms }: LoadedClip): AsyncGenerator<Float32Array> {
      let frames = 0;
      const all = pieces.reduce((a, b) => a + b, 0);
      const told = async function* (): AsyncGenerator<Spectrogram> {
        for await (const piece of spectrograms()) {
          signal?.throwIfAborted();
          progress(`encoding ${howFar(clips[index]!.path, seconds(frames), seconds(all))}`);
          frames += piece.frames;
          yield piece;
        }
      };
      for await (const features of extract.streamLogMel(told())) yield rowsOf(features);
    }
    const { hopLength, sampleRate } = logMelOptions.logMel;
    const seconds = (frames: number): number => (frames * hopLength) / sampleRate;
    const indices = clips.map((_, index) => index);
    let index = -1;
    for await (const clip of loadAhead(logMels, indices, {
      ahead: AHEAD,
      onDetail: progress,
      signal,
    })) {
      index++;
      signal?.throwIfAborted();
      if (clip instanceof SkippedClipError) fail(index, clip);
      else if (clip.pieces.length === 1) batch.push(clip);
      else {
        await flush();
        try {
          await store.append([listed(clip, rows(clip))]);
          done++;
          progress();
        } catch (error) {
          if (!(error instanceof SkippedClipError)) throw error;
          fail(index, error); // it has become unreadable while it was read
        }
      }
      if (batch.length === BATCH) await flush();
    }
    await flush();
    return failed;
  } finally {
    await logMels.close();
  }
}
