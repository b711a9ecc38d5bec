import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { createLogMel, logMelPresets, type LogMelOptions, type Spectrogram } from '@audio-ssl/audio-frontend';
import { LRUCache } from 'lru-cache';
import { Piscina } from 'piscina';

import type { Clip } from './dataset.js';
import type { LogMelResult, LogMelTask } from './log-mel-worker.js';
import { workerModule } from './worker-module.js';

/** How {@link openLogMels} computes and keeps. */
export interface LogMelStoreOptions {
  /** Options of the front end; what is left out is as in the preset `matpac` (16 kHz). */
  readonly logMel?: Partial<LogMelOptions>;
  /** Where computed spectrograms are kept from run to run; made when missing. Without it nothing is written. */
  readonly cacheDir?: string;
  /** Worker threads, 1 or more. Default: one per core, at most 8. */
  readonly workers?: number;
  /** Clips with fewer frames are skipped. Default 1: shorter clips are kept, and padded by {@link createBatches}. */
  readonly minFrames?: number;
  /** The next step for a clip with too few frames, which ends its reason. Default `'leave it out, or ask for fewer'`. */
  readonly shortClipNext?: string;
  /** Fills a clip that is shorter than one window of the front end with zeros up to it, rather than skip it. Default false. */
  readonly fillShort?: boolean;
  /** Memory for spectrograms that were used last, in MiB. Default 512. */
  readonly memory?: number;
  /** Called once if spectrograms cannot be cached. Silent by default. */
  readonly onWarning?: (message: string) => void;
}

/** A clip that cannot be used, and why. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** How far {@link LogMelStore.prepareAll} has come. */
export interface PrepareProgress {
  readonly done: number;
  readonly total: number;
  readonly skipped: number;
}

/** What {@link LogMelStore.prepareAll} found. */
export interface Prepared {
  /** Indices of the clips that can be used, ascending. */
  readonly kept: number[];
  readonly skipped: readonly Skipped[];
}

/** Log-mel spectrograms of a list of clips, computed when first asked for. */
export interface LogMelStore {
  readonly clips: readonly Clip[];
  /** Every clip found unusable so far. */
  readonly skipped: readonly Skipped[];
  /**
   * The log-mel (bins, frames) of a clip, not standardised. It is shared: copy before changing it.
   * Rejects with a {@link SkippedClipError} when the clip cannot be used.
   */
  load(index: number): Promise<Spectrogram>;
  /**
   * Computes what is not cached yet, and finds out which clips can be used.
   * Rejects when none can, naming the first few reasons; or with the signal's reason when it is aborted.
   */
  prepareAll(options?: {
    readonly onProgress?: (progress: PrepareProgress) => void;
    readonly signal?: AbortSignal;
  }): Promise<Prepared>;
  /** Ends the worker threads. */
  close(): Promise<void>;
}

/** Why a clip has no spectrogram. */
export class SkippedClipError extends Error {
  override readonly name = 'SkippedClipError';
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

/**
 * Opens the log-mels of clips: decoded, mixed to mono, resampled and transformed in worker threads, cached on disk.
 *
 * A cache file is found by the clip's path, size and modification time and by the front end's options, so it never
 * outlives a change of these; it carries a checksum, and a damaged one is computed again. Several processes may share a
 * folder. When it cannot be written (disk full, read-only), that is reported once and everything continues from memory.
 *
 * @throws when an option is out of range or `clips` is empty.
 * @example
 * const { clips } = await openFolder('recordings');
 * const store = await openLogMels(clips, { cacheDir: '.cache/log-mels' });
 * const { kept, skipped } = await store.prepareAll();
 * const { data, bins, frames } = await store.load(kept[0]);
 * await store.close();
 */
export async function openLogMels(clips: readonly Clip[], options: LogMelStoreOptions = {}): Promise<LogMelStore> {
  const {
    minFrames = 1,
    shortClipNext = 'leave it out, or ask for fewer',
    fillShort = false,
    memory = 512,
    workers = Math.min(8, availableParallelism()),
    onWarning,
  } = options;
  if (clips.length === 0) throw new Error('openLogMels: expected one or more clips, got none; check the data set');
  requireAtLeast('minFrames', minFrames, 1);
  requireAtLeast('memory', memory, 0);
  requireAtLeast('workers', workers, 1);
  const logMel: LogMelOptions = { ...logMelPresets.matpac, ...options.logMel };
  createLogMel(logMel); // refuses wrong options here, not once a clip
  const cacheDir = options.cacheDir === undefined ? undefined : resolve(options.cacheDir);

  const pool = startPool(workers);
  let closed = false;
  const recent =
    memory === 0
      ? undefined
      : new LRUCache<number, Spectrogram>({
          maxSize: memory * 2 ** 20,
          sizeCalculation: ({ data }) => Math.max(1, data.byteLength),
        });
  const underWay = new Map<number, Promise<Spectrogram>>();
  const skipped = new Map<number, Skipped>();
  let warned = false;

  // Whatever ends a worker (its memory, a fault of a decoder) takes up to 16 clips with it. Each of them is tried once more,
  // one at a time in a worker of its own, so that only the clip that did it is lost.
  let onItsOwn: Promise<unknown> = Promise.resolve();
  const run = (task: LogMelTask): Promise<LogMelResult> =>
    (pool.run(task) as Promise<LogMelResult>).catch((error: Error) => {
      if (closed) throw error;
      const again = onItsOwn.then(() => runAlone(task));
      onItsOwn = again;
      return again;
    });

  const compute = async (index: number): Promise<Spectrogram> => {
    const { path } = clips[index]!;
    const skip = (reason: string): never => {
      skipped.set(index, { path, reason });
      throw new SkippedClipError(path, reason);
    };
    const task: LogMelTask = { path, cacheDir, logMel, fillShort };
    const result = await run(task);
    if ('reason' in result) return skip(result.reason);
    if (result.notCached !== undefined && !warned) {
      warned = true;
      onWarning?.(
        `openLogMels: cannot write to ${cacheDir} (${result.notCached}); continuing from memory, slower next time`,
      );
    }
    const { spectrogram } = result;
    if (spectrogram.frames < minFrames) {
      return skip(`too short: ${spectrogram.frames} frames, ${minFrames} or more are asked for; ${shortClipNext}`);
    }
    recent?.set(index, spectrogram);
    return spectrogram;
  };

  const load = async (index: number): Promise<Spectrogram> => {
    if (clips[index] === undefined) {
      throw new Error(
        `load: expected an index of a clip (0 to ${clips.length - 1}), got ${index}; was it made for these clips?`,
      );
    }
    const known = skipped.get(index);
    if (known) throw new SkippedClipError(known.path, known.reason);
    const ready = recent?.get(index) ?? underWay.get(index);
    if (ready) return ready;
    const promise = compute(index).finally(() => underWay.delete(index));
    underWay.set(index, promise);
    return promise;
  };

  const listSkipped = (): Skipped[] => [...skipped].sort(([a], [b]) => a - b).map(([, clip]) => clip);

  return {
    clips,
    get skipped() {
      return listSkipped();
    },
    load,
    async prepareAll({ onProgress, signal } = {}) {
      const kept: number[] = [];
      let next = 0;
      let done = 0;
      const work = async (): Promise<void> => {
        while (next < clips.length) {
          signal?.throwIfAborted();
          const index = next++;
          await load(index).then(() => kept.push(index), ignoreSkipped);
          onProgress?.({ done: ++done, total: clips.length, skipped: skipped.size });
        }
      };
      // two clips a worker: one to work on and one waiting
      await Promise.all(Array.from({ length: 2 * workers }, work));
      const left = listSkipped();
      if (kept.length === 0) throw new Error(noneLeft(left));
      return { kept: kept.sort((a, b) => a - b), skipped: left };
    },
    async close() {
      closed = true;
      await pool.destroy();
    },
  };
}

function startPool(workers: number): Piscina<LogMelTask, LogMelResult> {
  const pool = new Piscina<LogMelTask, LogMelResult>({
    ...workerModule(),
    name: 'computeLogMel',
    minThreads: 1,
    maxThreads: workers,
    idleTimeout: 30_000,
    // a training step blocks the main thread: tasks must have reached the workers before it does
    concurrentTasksPerWorker: 16,
    atomics: 'disabled',
  });
  // What a worker says after its end; its tasks have been rejected.
  pool.on('error', () => undefined);
  return pool;
}

/** Runs a task in a worker that does nothing else; a worker that ends is an answer here. */
async function runAlone(task: LogMelTask): Promise<LogMelResult> {
  const pool = startPool(1);
  try {
    return await pool.run(task);
  } catch (error) {
    return { reason: `its worker thread ended (${(error as Error).message}); repair or leave out the file` };
  } finally {
    await pool.destroy();
  }
}

function ignoreSkipped(error: unknown): void {
  if (!(error instanceof SkippedClipError)) throw error;
}

/** The message for when no clip at all can be used. */
export function noneLeft(skipped: readonly Skipped[]): string {
  const first = skipped.slice(0, 3).map(({ path, reason }) => `  ${path}: ${reason}`);
  const more = skipped.length > 3 ? [`  and ${skipped.length - 3} more`] : [];
  return [
    'openLogMels: expected at least one usable clip, all were skipped; repair or replace them:',
    ...first,
    ...more,
  ].join('\n');
}

function requireAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new Error(`openLogMels: expected ${name} to be a whole number of ${least} or more, got ${value}`);
}
