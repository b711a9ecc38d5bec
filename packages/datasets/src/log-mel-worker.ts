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
    const found = await stat(path);
    // a pipe would be waited for without end
    if (!found.isFile())
      return { reason: `expected a file, got a ${found.isDirectory() ? 'folder' : 'pipe or device'}; leave it out` };
    const { size, mtimeMs } = found;
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

// Rates outside are damaged headers; followed, they ask for gigabytes.
const rates = { least: 1000, most: 768_000 };

/** The front end in use: making its tables takes longer than a short clip. */
let prepared: { readonly options: string; readonly logMel: (waveform: Float32Array) => Spectrogram } | undefined;

function frontEnd(logMel: LogMelOptions): (waveform: Float32Array) => Spectrogram {
  const options = JSON.stringify(logMel);
  if (prepared?.options !== options) prepared = { options, logMel: createLogMel(logMel) };
  return prepared.logMel;
}

async function fromAudio(path: string, logMel: LogMelOptions): Promise<Spectrogram> {
  const audio = await decodeAudio(await readFile(path));
  const { sampleRate } = audio;
  if (sampleRate < rates.least || sampleRate > rates.most)
    throw new Error(
      `expected a sample rate from ${rates.least} to ${rates.most} Hz, got ${sampleRate}; its header is damaged, fetch the file again`,
    );
  return frontEnd(logMel)(resample(mixToMono(audio), sampleRate, logMel.sampleRate));
}
