import { readFile, stat } from 'node:fs/promises';

import {
  createLogMel,
  decodeAudio,
  mixToMono,
  resample,
  type LogMelOptions,
  type Spectrogram,
} from '@audio-ssl/audio-frontend';

import { cacheFile, readCache, writeCache } from './log-mel-cache.js';

/** What a worker is asked: one file. */
export interface LogMelTask {
  readonly path: string;
  readonly cacheDir: string | undefined;
  readonly logMel: LogMelOptions;
}

/** What a worker answers: a spectrogram, perhaps with why it could not be cached; or why there is none. */
export type LogMelResult =
  { readonly spectrogram: Spectrogram; readonly notCached?: string } | { readonly reason: string };

/** Runs in a worker thread. A file that cannot be used is an answer, not an error. */
export async function computeLogMel({ path, cacheDir, logMel }: LogMelTask): Promise<LogMelResult> {
  try {
    const { size, mtimeMs } = await stat(path);
    const file = cacheDir && cacheFile(cacheDir, { path, size, modified: mtimeMs, frontEnd: logMel });
    const cached = file && (await readCache(file));
    if (cached) return { spectrogram: cached };
    const spectrogram = await fromAudio(path, logMel);
    if (!file) return { spectrogram };
    return await writeCache(file, spectrogram).then(
      () => ({ spectrogram }),
      (error: Error) => ({ spectrogram, notCached: error.message }),
    );
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

/** The front end in use: making its tables takes longer than a short clip. */
let prepared: { readonly options: string; readonly logMel: (waveform: Float32Array) => Spectrogram } | undefined;

function frontEnd(logMel: LogMelOptions): (waveform: Float32Array) => Spectrogram {
  const options = JSON.stringify(logMel);
  if (prepared?.options !== options) prepared = { options, logMel: createLogMel(logMel) };
  return prepared.logMel;
}

async function fromAudio(path: string, logMel: LogMelOptions): Promise<Spectrogram> {
  const audio = await decodeAudio(await readFile(path));
  return frontEnd(logMel)(resample(mixToMono(audio), audio.sampleRate, logMel.sampleRate));
}
