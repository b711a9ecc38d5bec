import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { createLogMel, logMelPresets, type LogMelOptions, type Spectrogram } from '@audio-ssl/audio-frontend';
import { LRUCache } from 'lru-cache';

import { cutPieces } from './cut-pieces.js';
import type { Clip } from './dataset.js';
import { howFar } from './how-far.js';
import { listFirst } from './list-first.js';
import type { LogMelTask, MadePiece, Stamp, Surveyed } from './log-mel-worker.js';
import type { SoundSettings } from './open-sound.js';
import { orAborted } from './or-aborted.js';
import type { Skipped, SkipReason } from './skip-reason.js';
import type { SoundNotice } from './sound-notice.js';
import { progressOf, STOP, taskWatch, type TaskWatch } from './task-watch.js';
import { workerPool } from './worker-pool.js';

/** How {@link openLogMels} computes and keeps. */
export interface LogMelStoreOptions {
  /** Options of the front end; what is left out is as in the preset `matpac` (16 kHz). */
  readonly logMel?: Partial<LogMelOptions>;
  /**
   * Frames of a piece, 1 or more: a sound longer than 1.5 of them is cut into pieces of so many, the last of which takes a
   * rest that is shorter than half a piece. Side by side they are the log-mel of the whole, bit for bit. Default `null`:
   * a sound of any length is one piece.
   */
  readonly segmentFrames?: number | null;
  /** The channel that is taken, counted from 0, or `'mean'` (the default), the mean of all. */
  readonly channel?: number | 'mean';
  /** What becomes of truncated and damaged sounds: they are skipped (`'refuse'`, the default), or what could be read of them is used. */
  readonly damaged?: 'refuse' | 'keep';
  /** Whether a system `ffmpeg`, where there is one, reads what nothing else here can. Default true. */
  readonly ffmpeg?: boolean;
  /** Where computed spectrograms are kept from run to run; made when missing. Without it nothing is written. */
  readonly cacheDir?: string;
  /** Worker threads, 1 or more, each of which takes up to 100 MB. Default 2, or 1 where there is one core. */
  readonly workers?: number;
  /** Clips with fewer frames are skipped, and shorter pieces left out. Default 1: shorter clips are kept, and padded by {@link createBatches}. */
  readonly minFrames?: number;
  /** The next step for a clip with too few frames, which ends its reason. Default `'leave it out, or ask for fewer'`. */
  readonly shortClipNext?: string;
  /** Fills a clip that is shorter than one window of the front end with zeros up to it, rather than skip it. Default false. */
  readonly fillShort?: boolean;
  /** Memory for spectrograms that were used last, in MiB. Default 160: the shipped notes, or 90 minutes of sound. */
  readonly memory?: number;
  /** Called once if spectrograms cannot be cached. Silent by default. */
  readonly onWarning?: (message: string) => void;
}

/** A piece of a clip: where it is not cut, the whole. */
export interface Piece {
  /** Index of the clip in the store. */
  readonly clip: number;
  /** Its place among the clip's pieces, from 0. */
  readonly piece: number;
  /** Frames of its log-mel. */
  readonly frames: number;
}

/** How far {@link LogMelStore.prepareAll} has come. */
export interface PrepareProgress {
  /** Clips that have been looked at. */
  readonly done: number;
  /** Clips in all. */
  readonly total: number;
  /** Clips that cannot be used. */
  readonly skipped: number;
  /** What is read where that takes long: `long.mp3 0:20:14 of 3:00:00`. */
  readonly detail?: string;
}

/** What {@link LogMelStore.prepareAll} found. */
export interface Prepared {
  /** Indices of the clips that can be used, ascending. */
  readonly kept: number[];
  /** The pieces of these clips, in order: those that have `minFrames`. */
  readonly pieces: Piece[];
  /** The clips that cannot be used, in order. */
  readonly skipped: readonly Skipped[];
  /** What is odd about sounds that can be used, in the order of the clips. */
  readonly notices: readonly SoundNotice[];
}

/** How {@link LogMelStore.pieces} and {@link LogMelStore.load} tell about work that takes long. */
export interface WorkOptions {
  /**
   * Called at least every second while a long sound is read: `long.mp3 0:20:14 of 3:00:00`. It may be another one, which
   * the workers are at before.
   */
  readonly onDetail?: ((detail: string) => void) | undefined;
}

/** Log-mel spectrograms of a list of clips, computed when first asked for. */
export interface LogMelStore {
  /** The clips, as given. */
  readonly clips: readonly Clip[];
  /** Every clip found unusable so far. */
  readonly skipped: readonly Skipped[];
  /** What is odd about the usable sounds that have been read so far. */
  readonly notices: readonly SoundNotice[];
  /** What is odd about one clip, if it has been read and can be used. */
  noticesOf(index: number): readonly SoundNotice[];
  /**
   * The frames of each piece of a clip. A clip is read whole for that, unless it has been or the cache knows.
   * Rejects with a {@link SkippedClipError} when the clip cannot be used.
   */
  pieces(index: number, options?: WorkOptions): Promise<readonly number[]>;
  /**
   * The log-mel (bins, frames) of a piece of a clip, by default the first, not standardised. It is shared: copy before
   * changing it. Rejects with a {@link SkippedClipError} when the clip cannot be used.
   */
  load(index: number, piece?: number, options?: WorkOptions): Promise<Spectrogram>;
  /**
   * Computes what is not cached yet, and finds out which clips can be used: of a clip that is kept, all pieces could be
   * read. Rejects when none can, naming the first few reasons; or, within two seconds, with the signal's reason when it is
   * aborted.
   */
  prepareAll(options?: {
    /** Called after each clip, and at least every second while a long one is read. */
    readonly onProgress?: (progress: PrepareProgress) => void;
    /** Stops the work. The store can be used all the same. */
    readonly signal?: AbortSignal;
  }): Promise<Prepared>;
  /** Ends the worker threads, whatever they do. */
  close(): Promise<void>;
}

/** Why a clip has no spectrogram. */
export class SkippedClipError extends Error {
  override readonly name = 'SkippedClipError';
  constructor(
    /** The clip's file. */
    readonly path: string,
    /** What was expected, what came, and what to do. */
    readonly reason: string,
    /** A short phrase to count by. */
    override readonly cause: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

/** Thrown for work that was told to stop. */
class StoppedError extends Error {}

/** How often, in ms, is told what is being read. */
const TELL_EVERY = 250;
/** Sounds of so many seconds are told about, and those that take so many ms. */
const LONG = 60;
const SLOW = 500;
/** How long, in ms, workers have to stop before they are ended. */
const PATIENCE = 1500;

/** A survey that is under way. */
interface Survey {
  readonly watch: TaskWatch;
  readonly found: Promise<Spectrogram | undefined>;
  /** When it was first seen to have begun, in ms. */
  begun?: number;
}

/** What is known of a clip that is cut. */
interface Cut {
  readonly pieces: readonly number[];
  readonly samples: number;
  readonly stamp: Stamp;
}

/**
 * Opens the log-mels of clips: decoded, mixed to mono, resampled and transformed in worker threads, cached on disk. Sounds
 * are read in parts, so that what a worker needs does not grow with their length.
 *
 * A cache file is found by the clip's path, size and modification time and by the options that decide its numbers, so it
 * never outlives a change of these; it carries a checksum, and a damaged one is computed again. Several processes may share
 * a folder. When it cannot be written (disk full, read-only), that is reported once and everything continues from memory.
 *
 * @throws when an option is out of range or `clips` is empty.
 * @example
 * const { clips } = await openFolder('recordings');
 * const store = await openLogMels(clips, { cacheDir: '.cache/log-mels', segmentFrames: 6000 });
 * const { pieces, skipped, notices } = await store.prepareAll();
 * const { data, bins, frames } = await store.load(pieces[0].clip, pieces[0].piece);
 * await store.close();
 */
export async function openLogMels(clips: readonly Clip[], options: LogMelStoreOptions = {}): Promise<LogMelStore> {
  const {
    minFrames = 1,
    shortClipNext = 'leave it out, or ask for fewer',
    memory = 160,
    workers = Math.min(2, availableParallelism()),
    onWarning,
  } = options;
  if (clips.length === 0) throw new Error('openLogMels: expected one or more clips, got none; check the data set');
  requireAtLeast('minFrames', minFrames, 1);
  requireAtLeast('memory', memory, 0);
  requireAtLeast('workers', workers, 1);
  const settings = completeSettings(options);
  const cacheDir = options.cacheDir === undefined ? undefined : resolve(options.cacheDir);

  const pool = workerPool(workers);
  const recent =
    memory === 0
      ? undefined
      : new LRUCache<string, Spectrogram>({
          maxSize: memory * 2 ** 20,
          sizeCalculation: ({ data }) => Math.max(1, data.byteLength),
        });
  const underWay = new Map<string, Promise<Spectrogram>>();
  const skipped = new Map<number, Skipped>();
  const notices = new Map<number, readonly SoundNotice[]>();
  /** Frames of clips of one piece that have been read, else 0. */
  const wholes = new Uint32Array(clips.length);
  const cuts = new Map<number, Cut>();
  const surveys = new Map<number, Survey>();
  let warned = false;

  const keyOf = (index: number, piece: number): string => `${index}/${piece}`;
  const skip = (index: number, { reason, cause }: SkipReason): never => {
    const { path } = clips[index]!;
    skipped.set(index, { path, reason, cause });
    throw new SkippedClipError(path, reason, cause);
  };
  const warn = (notCached: string | undefined): void => {
    if (notCached === undefined || warned) return;
    warned = true;
    onWarning?.(`openLogMels: cannot write to ${cacheDir} (${notCached}); continuing from memory, slower next time`);
  };

  const run = async (
    index: number,
    want: LogMelTask['want'],
    watch = taskWatch(),
  ): Promise<Surveyed | MadePiece | undefined> => {
    const result = await pool.run({ path: clips[index]!.path, cacheDir, settings, want, watch }, index);
    if (result === 'stopped') throw new StoppedError('stopped');
    if (result === 'changed') return undefined;
    if ('reason' in result) return skip(index, result);
    warn(result.notCached);
    return result;
  };

  /** Finds out all about a clip. Gives its log-mel where it is one piece and that is at hand. */
  const survey = async (
    index: number,
    want: 'spectrogram' | 'cached',
    watch: TaskWatch,
  ): Promise<Spectrogram | undefined> => {
    const { sound, stamp, spectrogram } = (await run(index, want, watch)) as Surveyed;
    const { path } = clips[index]!;
    if (sound.notices.length > 0) {
      notices.set(
        index,
        sound.notices.map((notice) => ({ path, ...notice })),
      );
    }
    const pieces = cutPieces(sound.frames, settings.segmentFrames);
    const longest = pieces.reduce((most, frames) => Math.max(most, frames));
    if (longest < minFrames) {
      notices.delete(index);
      skip(index, {
        reason: `too short: ${longest} frames, ${minFrames} or more are asked for; ${shortClipNext}`,
        cause: 'too short',
      });
    }
    // it may have been the other kind before it changed
    wholes[index] = pieces.length > 1 ? 0 : pieces[0]!;
    if (pieces.length > 1) cuts.set(index, { pieces, samples: sound.samples, stamp });
    else cuts.delete(index);
    if (spectrogram) recent?.set(keyOf(index, 0), spectrogram);
    return spectrogram;
  };

  /** The survey of a clip, one at a time: who asks while one is under way waits for it. */
  const surveyOnce = (index: number, want: 'spectrogram' | 'cached'): Promise<Spectrogram | undefined> => {
    const known = surveys.get(index);
    if (known) return known.found;
    const watch = taskWatch();
    const found = survey(index, want, watch).finally(() => surveys.delete(index));
    surveys.set(index, { watch, found });
    return found;
  };

  /** As {@link surveyOnce}; once more where a survey that was under way is stopped by somebody else's abort. */
  const surveyAnyway = async (index: number): Promise<Spectrogram | undefined> => {
    for (;;) {
      try {
        return await surveyOnce(index, 'spectrogram');
      } catch (error) {
        if (!(error instanceof StoppedError)) throw error;
      }
    }
  };

  const requireUsable = (index: number): void => {
    if (clips[index] === undefined) {
      throw new Error(
        `load: expected an index of a clip (0 to ${clips.length - 1}), got ${index}; was it made for these clips?`,
      );
    }
    const known = skipped.get(index);
    if (known) throw new SkippedClipError(known.path, known.reason, known.cause);
  };

  const piecesOf = (index: number): readonly number[] | undefined =>
    wholes[index]! > 0 ? [wholes[index]!] : cuts.get(index)?.pieces;

  const compute = async (index: number, piece: number): Promise<Spectrogram> => {
    // A file that changes in the meantime is surveyed once more.
    let changed = false;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (!cuts.has(index)) {
        const whole = await surveyAnyway(index);
        if (whole && piece === 0) return whole;
      }
      const cut = cuts.get(index);
      const count = cut?.pieces.length ?? 1;
      if (changed && piece >= count) {
        return skip(index, { reason: 'it has become shorter while it was in use; fetch it again', cause: 'changed' });
      }
      requirePiece(index, piece, count);
      if (!cut) continue;
      const made = await run(index, { piece, samples: cut.samples, stamp: cut.stamp });
      if (made?.spectrogram) {
        recent?.set(keyOf(index, piece), made.spectrogram);
        return made.spectrogram;
      }
      changed = true;
      cuts.delete(index);
    }
    return skip(index, { reason: 'it changes while it is read; wait until it is complete', cause: 'changed' });
  };

  const requirePiece = (index: number, piece: number, count: number): void => {
    if (Number.isSafeInteger(piece) && piece >= 0 && piece < count) return;
    throw new Error(`load: expected a piece of ${clips[index]!.path} (0 to ${count - 1}), got ${piece}; see pieces()`);
  };

  const load = async (index: number, piece = 0, { onDetail }: WorkOptions = {}): Promise<Spectrogram> => {
    requireUsable(index);
    const key = keyOf(index, piece);
    const ready = recent?.get(key);
    if (ready) return ready;
    let promise = underWay.get(key);
    if (!promise) {
      promise = compute(index, piece).finally(() => underWay.delete(key));
      underWay.set(key, promise);
    }
    return waiting(index, promise, onDetail);
  };

  const prepare = async (index: number): Promise<readonly number[]> => {
    requireUsable(index);
    await surveyOnce(index, 'cached');
    return piecesOf(index)!;
  };

  /** What is being read, for people; `undefined` where nothing takes long. */
  const detailOf = (some: Iterable<number>): string | undefined => {
    const long = [...some].flatMap((index) => {
      const underWay = surveys.get(index);
      if (!underWay) return [];
      const { read, total } = progressOf(underWay.watch);
      if (read < 0) return [];
      underWay.begun ??= performance.now();
      const takesLong = Math.max(read, total) >= LONG || performance.now() - underWay.begun >= SLOW;
      return takesLong ? [{ index, read, total }] : [];
    });
    const [first] = long.sort((a, b) => b.total - b.read - (a.total - a.read));
    if (!first) return undefined;
    const { index, read, total } = first;
    const more = long.length > 1 ? `, and ${long.length - 1} more` : '';
    return `${howFar(clips[index]!.path, read, total)}${more}`;
  };

  /** Tells now and then what is being read while `work` goes on. */
  const telling = async <T>(work: Promise<T>, tell: () => void): Promise<T> => {
    const timer = setInterval(tell, TELL_EVERY);
    return work.finally(() => clearInterval(timer));
  };

  /** Waits for work on a clip, and tells what is read of it, or of what the workers are at before. */
  const waiting = async <T>(index: number, work: Promise<T>, onDetail: WorkOptions['onDetail']): Promise<T> => {
    if (!onDetail) return work;
    return telling(work, () => {
      const detail = detailOf([index]) ?? detailOf(surveys.keys());
      if (detail !== undefined) onDetail(detail);
    });
  };

  const listSkipped = (): Skipped[] => inOrder(skipped);

  return {
    clips,
    get skipped() {
      return listSkipped();
    },
    get notices() {
      return inOrder(notices).flat();
    },
    noticesOf: (index) => notices.get(index) ?? [],
    async pieces(index, { onDetail } = {}) {
      requireUsable(index);
      if (!piecesOf(index)) await waiting(index, surveyAnyway(index), onDetail);
      return piecesOf(index)!;
    },
    load,
    async prepareAll({ onProgress, signal } = {}) {
      signal?.throwIfAborted();
      const found = new Map<number, readonly number[]>();
      let next = 0;
      let done = 0;
      const working = new Set<number>();
      const tell = (detail?: string): void =>
        onProgress?.({ done, total: clips.length, skipped: skipped.size, ...(detail !== undefined && { detail }) });
      const work = async (): Promise<void> => {
        while (next < clips.length && !signal?.aborted) {
          const index = next++;
          working.add(index);
          await prepare(index).then((pieces) => found.set(index, pieces), ignoreSkipped);
          working.delete(index);
          done++;
          tell();
        }
      };
      // two clips a worker: one to work on and one waiting
      const all = Promise.all(Array.from({ length: 2 * workers }, work));
      await telling(orAborted(all, signal), () => {
        const detail = detailOf(working);
        if (detail !== undefined) tell(detail);
      }).catch(async (error: unknown) => {
        for (const index of working) {
          const watch = surveys.get(index)?.watch;
          if (watch) Atomics.store(watch, STOP, 1);
        }
        if (!(await settles(all, PATIENCE))) await pool.restart();
        throw error;
      });
      const left = listSkipped();
      if (found.size === 0) throw new Error(noneLeft(left));
      const kept = [...found.keys()].sort((a, b) => a - b);
      const pieces = kept.flatMap((clip) =>
        found.get(clip)!.flatMap((frames, piece) => (frames < minFrames ? [] : [{ clip, piece, frames }])),
      );
      return { kept, pieces, skipped: left, notices: inOrder(notices).flat() };
    },
    close: () => pool.close(),
  };
}

function completeSettings(options: LogMelStoreOptions): SoundSettings {
  const { fillShort = false, segmentFrames = null, channel = 'mean', damaged = 'refuse', ffmpeg = true } = options;
  if (segmentFrames !== null) requireAtLeast('segmentFrames', segmentFrames, 1);
  if (channel !== 'mean' && !(Number.isSafeInteger(channel) && channel >= 0)) {
    throw new Error(`openLogMels: expected channel to be 'mean' or a whole number from 0, got ${channel}`);
  }
  if (!['refuse', 'keep'].includes(damaged)) {
    throw new Error(`openLogMels: expected damaged to be 'refuse' or 'keep', got ${String(damaged)}`);
  }
  const logMel: LogMelOptions = { ...logMelPresets.matpac, ...options.logMel };
  createLogMel(logMel); // refuses wrong options here, not once a clip
  return { logMel, fillShort, segmentFrames, channel, damaged, ffmpeg };
}

const inOrder = <T>(found: ReadonlyMap<number, T>): T[] =>
  [...found].sort(([a], [b]) => a - b).map(([, value]) => value);

/** Whether work comes to an end, good or bad, in so many ms. */
async function settles(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const settled = work.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

function ignoreSkipped(error: unknown): void {
  if (!(error instanceof SkippedClipError)) throw error;
}

/** The message for when no clip at all can be used. */
export function noneLeft(skipped: readonly Skipped[]): string {
  return [
    'openLogMels: expected at least one usable clip, all were skipped; repair or replace them:',
    ...listFirst(skipped),
  ].join('\n');
}

function requireAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new Error(`openLogMels: expected ${name} to be a whole number of ${least} or more, got ${value}`);
}
