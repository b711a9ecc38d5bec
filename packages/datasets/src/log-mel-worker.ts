import { stat } from 'node:fs/promises';

import type { Spectrogram } from '@audio-ssl/audio-frontend';
import { move, transferableSymbol, valueSymbol } from 'piscina';

import { cutPieces } from './cut-pieces.js';
import { cacheFile, readCache, readFacts, writeCache, type CacheKey, type SoundFacts } from './log-mel-cache.js';
import { monoReader, type MonoReader } from './mono-reader.js';
import { openSound, type OpenSound, type SoundSettings } from './open-sound.js';
import { readLogMel } from './read-log-mel.js';
import { notAFile, skipReason, UnusableSound, type SkipReason } from './skip-reason.js';
import { surveySound } from './survey-sound.js';
import { STOP, tellProgress, type TaskWatch } from './task-watch.js';

/** What a file had when it was surveyed; with another one, it is another sound. */
export interface Stamp {
  readonly size: number;
  readonly modified: number;
}

/** What a worker is asked about one file: a survey of the whole sound, or one piece of it. */
export interface LogMelTask {
  readonly path: string;
  readonly cacheDir: string | undefined;
  readonly settings: SoundSettings;
  /**
   * `'spectrogram'`: a survey that gives the log-mel of a sound of one piece with it. `'cached'`: a survey after which
   * every piece is in the cache. Or the piece to make, of a sound of so many samples.
   */
  readonly want: 'spectrogram' | 'cached' | { readonly piece: number; readonly samples: number; readonly stamp: Stamp };
  readonly watch: TaskWatch;
}

/** What a survey finds. */
export interface Surveyed {
  readonly sound: SoundFacts;
  readonly stamp: Stamp;
  /** The log-mel of a sound of one piece, where it is at hand. */
  readonly spectrogram?: Spectrogram;
  /** Why a log-mel could not be cached. */
  readonly notCached?: string;
}

/** A piece, perhaps with why it could not be cached. */
export interface MadePiece {
  readonly spectrogram: Spectrogram;
  readonly notCached?: string;
}

/** What a worker answers; `changed`: the file is another one than was surveyed; `stopped`: as it was told to. */
export type LogMelResult = Surveyed | MadePiece | SkipReason | 'changed' | 'stopped';

/** Runs in a worker thread. A file that cannot be used is an answer, not an error. */
export async function computeLogMel(task: LogMelTask): Promise<LogMelResult> {
  const result = await answer(task);
  if (typeof result === 'string' || !('spectrogram' in result) || !result.spectrogram) return result;
  const given: object = { [transferableSymbol]: result.spectrogram.data.buffer, [valueSymbol]: result };
  return move(given as Parameters<typeof move>[0]) as unknown as LogMelResult; // not copied
}

async function answer(task: LogMelTask): Promise<LogMelResult> {
  try {
    const found = await stat(task.path);
    const odd = notAFile(found); // a pipe would be waited for without end
    if (odd) return odd;
    const stamp = { size: found.size, modified: found.mtimeMs };
    if (typeof task.want === 'string') return await survey(task, stamp);
    if (stamp.size !== task.want.stamp.size || stamp.modified !== task.want.stamp.modified) return 'changed';
    return await piece(task, task.want.piece, task.want.samples, stamp);
  } catch (error) {
    return error instanceof Stopped ? 'stopped' : skipReason(error, task.path);
  }
}

class Stopped extends Error {}

const stopIfTold = (watch: TaskWatch): void => {
  if (Atomics.load(watch, STOP) === 1) throw new Stopped();
};

async function survey(task: LogMelTask, stamp: Stamp): Promise<Surveyed> {
  const { path, settings, want, watch } = task;
  const { segmentFrames } = settings;
  const files = cacheFiles(task, stamp);
  const facts = files && (await readFacts(files.whole));
  // What ffmpeg has read counts only where it may be asked: without it the sound is refused by name.
  if (facts?.sound && (settings.ffmpeg || !isThroughFfmpeg(facts.sound))) {
    const { sound } = facts;
    const pieces = cutPieces(sound.frames, segmentFrames);
    if (pieces.length === 1) {
      if (want === 'cached' && facts.complete) return { sound, stamp };
      const spectrogram = await readCache(files!.whole);
      if (spectrogram) return { sound, stamp, spectrogram };
    } else {
      const missing = want === 'cached' ? await missingPieces(files!, pieces.length) : [];
      if (missing.length === 0) return { sound, stamp };
      const seconds = (sound.frames * settings.logMel.hopLength) / settings.logMel.sampleRate;
      return oneAtATime('survey', async () => {
        for (const index of missing) {
          tellProgress(watch, seconds * (index / pieces.length), seconds);
          const { notCached } = await makePiece(task, index, sound.samples, stamp);
          if (notCached !== undefined) return { sound, stamp, notCached };
        }
        return { sound, stamp };
      });
    }
  }
  return oneAtATime('survey', async () => {
    stopIfTold(watch);
    tellProgress(watch, 0, 0); // opening may take long: an MP3 is looked through for its length
    const opened = await openAnew(path, stamp, settings);
    let spectrogram: Spectrogram | undefined;
    let notCached: string | undefined;
    const note = (error: Error): void => void (notCached ??= error.message);
    const { samples, frames, notices, reader } = await surveySound(opened, {
      settings,
      // without a cache the pieces of a long sound would be made for nothing
      wanted: (pieces) => pieces === 1 || files !== undefined,
      async onPiece(index, pieces, made) {
        if (pieces === 1) spectrogram = made;
        else if (notCached === undefined) await writeCache(files!.piece(index), { spectrogram: made }).catch(note);
      },
      onBlock(end) {
        stopIfTold(watch);
        tellProgress(watch, end / opened.file.sampleRate, (opened.file.frames ?? 0) / opened.file.sampleRate);
      },
    });
    const sound: SoundFacts = { samples, frames, notices };
    if (files) await writeCache(files.whole, { sound, ...(spectrogram && { spectrogram }) }).catch(note);
    if (spectrogram) closeHeld();
    else held = { ...held!, reader };
    return {
      ...{ sound, stamp },
      ...(spectrogram && { spectrogram }),
      ...(notCached !== undefined && { notCached }),
    };
  });
}

const isThroughFfmpeg = ({ notices }: SoundFacts): boolean => notices.some(({ kind }) => kind === 'through ffmpeg');

async function piece(task: LogMelTask, index: number, samples: number, stamp: Stamp): Promise<MadePiece> {
  const files = cacheFiles(task, stamp);
  const cached = files && (await readCache(files.piece(index)));
  if (cached) return { spectrogram: cached };
  return oneAtATime('piece', () => makePiece(task, index, samples, stamp));
}

/** Makes a piece from its own stretch of the file, and writes it to the cache. */
async function makePiece(task: LogMelTask, index: number, samples: number, stamp: Stamp): Promise<MadePiece> {
  const { path, settings, watch } = task;
  stopIfTold(watch);
  const { windows, reader } = await openHeld(path, stamp, settings);
  const pieces = cutPieces(windows.frames(samples), settings.segmentFrames);
  const first = pieces.slice(0, index).reduce((sum, frames) => sum + frames, 0);
  const spectrogram = await readLogMel(reader, windows, {
    ...{ first, count: pieces[index]!, total: samples },
    bins: settings.logMel.melBins,
  });
  if (!spectrogram) {
    throw new UnusableSound(`expected ${samples} samples a channel, as before, got fewer; fetch it again`, 'truncated');
  }
  const files = cacheFiles(task, stamp);
  if (!files) return { spectrogram };
  return writeCache(files.piece(index), { spectrogram }).then(
    () => ({ spectrogram }),
    (error: Error) => ({ spectrogram, notCached: error.message }),
  );
}

interface CacheFiles {
  /** What is known of the sound; its log-mel, too, where it is one piece. */
  readonly whole: string;
  /** One piece of several. */
  piece(index: number): string;
}

function cacheFiles({ path, cacheDir, settings }: LogMelTask, { size, modified }: Stamp): CacheFiles | undefined {
  if (cacheDir === undefined) return undefined;
  const { logMel, fillShort, segmentFrames, channel, damaged } = settings;
  const key: CacheKey = {
    ...{ path, size, modified },
    frontEnd: fillShort ? { ...logMel, fillShort } : logMel,
    channel: channel === 'mean' ? undefined : channel,
    damaged: damaged === 'keep' ? 'keep' : undefined,
  };
  return {
    whole: cacheFile(cacheDir, key),
    piece: (index) => cacheFile(cacheDir, { ...key, cut: { segmentFrames: segmentFrames!, piece: index } }),
  };
}

async function missingPieces(files: CacheFiles, count: number): Promise<number[]> {
  const missing: number[] = [];
  for (let index = 0; index < count; index++) {
    const found = await readFacts(files.piece(index));
    if (!found?.complete) missing.push(index);
  }
  return missing;
}

// One sound is decoded at a time: what a worker needs does not grow with the tasks that wait for it. Pieces go first:
// whoever asks for one waits for it, while sounds are surveyed ahead, each of which may take minutes.
const waiting: Readonly<Record<'piece' | 'survey', (() => void)[]>> = { piece: [], survey: [] };
let busy = false;
/** While it runs no survey begins. */
let pause: NodeJS.Timeout | undefined;

function beginNext(): void {
  if (busy) return;
  const next = waiting.piece.shift() ?? (pause ? undefined : waiting.survey.shift());
  if (!next) return;
  busy = true;
  next();
}

async function oneAtATime<T>(kind: 'piece' | 'survey', work: () => Promise<T>): Promise<T> {
  await new Promise<void>((begin) => {
    waiting[kind].push(begin);
    beginNext();
  });
  clearTimeout(idle);
  try {
    return await work();
  } catch (error) {
    closeHeld(); // its decoder may be in any state
    throw error;
  } finally {
    busy = false;
    clearTimeout(pause);
    pause = undefined;
    if (held) {
      idle = setTimeout(closeHeld, IDLE).unref();
      pause = setTimeout(() => {
        pause = undefined;
        beginNext();
      }, PAUSE);
    }
    setImmediate(beginNext); // what has come in the meantime is seen first
  }
}

/** How long, in ms, a worker waits for the next piece of a sound before it begins to survey another one. */
const PAUSE = 20;
/** How long, in ms, a file stays open for the next piece of it. */
const IDLE = 2000;

// The sound that was read last: pieces of a long one are asked for one after the other, and finding the place again in an
// MP3, say, means to read it up to there.
let held: (OpenSound & { readonly key: string; readonly reader: MonoReader }) | undefined;
let idle: NodeJS.Timeout | undefined;

function closeHeld(): void {
  held?.file.close();
  held = undefined;
}

async function openAnew(path: string, stamp: Stamp, settings: SoundSettings): Promise<OpenSound> {
  closeHeld();
  const opened = await openSound(path, settings);
  const key = JSON.stringify([path, stamp, settings]);
  held = { ...opened, key, reader: monoReader(opened.file, settings) };
  return opened;
}

async function openHeld(path: string, stamp: Stamp, settings: SoundSettings): Promise<NonNullable<typeof held>> {
  if (held?.key !== JSON.stringify([path, stamp, settings])) await openAnew(path, stamp, settings);
  return held!;
}
