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
  readonly fillShort: boolean;
}

/** What a worker answers: a spectrogram, perhaps with why it could not be cached; or why there is none. */
export type LogMelResult =
  { readonly spectrogram: Spectrogram; readonly notCached?: string } | { readonly reason: string };

/** Runs in a worker thread. A file that cannot be used is an answer, not an error. */
export async function computeLogMel({ path, cacheDir, logMel, fillShort }: LogMelTask): Promise<LogMelResult> {
  try {
    const found = await stat(path);
    // a pipe would be waited for without end
    if (!found.isFile())
      return { reason: `expected a file, got a ${found.isDirectory() ? 'folder' : 'pipe or device'}; leave it out` };
    const { size, mtimeMs } = found;
    const frontEnd = fillShort ? { ...logMel, fillShort } : logMel;
    const file = cacheDir && cacheFile(cacheDir, { path, size, modified: mtimeMs, frontEnd });
    const cached = file && (await readCache(file));
    if (cached) return { spectrogram: cached };
    const spectrogram = await fromAudio(path, logMel, fillShort);
    if (!file) return { spectrogram };
    return await writeCache(file, spectrogram).then(
      () => ({ spectrogram }),
      (error: Error) => ({ spectrogram, notCached: error.message }),
    );
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return { reason: inWords[code] ?? message };
  }
}

/** What a system error means for a sound file, and what to do. */
const inWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file, or a link that leads nowhere (ENOENT); restore it or leave it out',
  ELOOP: 'a link that leads to itself (ELOOP); leave it out',
  EACCES: 'not readable for this user (EACCES); change its permissions',
  EIO: 'the disk cannot read it (EIO); restore it from a copy',
  ERR_FS_FILE_TOO_LARGE: 'larger than 2 GiB; cut it into shorter files',
};

/** The front end in use: making its tables takes longer than a short clip. */
let prepared: { readonly options: string; readonly logMel: (waveform: Float32Array) => Spectrogram } | undefined;

function transform(logMel: LogMelOptions): (waveform: Float32Array) => Spectrogram {
  const options = JSON.stringify(logMel);
  if (prepared?.options !== options) prepared = { options, logMel: createLogMel(logMel) };
  return prepared.logMel;
}

async function fromAudio(path: string, logMel: LogMelOptions, fillShort: boolean): Promise<Spectrogram> {
  const audio = await decodeAudio(await readFile(path));
  const samples = resample(mixToMono(audio), audio.sampleRate, logMel.sampleRate);
  const short = fillShort && samples.length < logMel.fftSize;
  const filled = short ? new Float32Array(logMel.fftSize) : samples;
  if (short) filled.set(samples);
  return transform(logMel)(filled);
}
