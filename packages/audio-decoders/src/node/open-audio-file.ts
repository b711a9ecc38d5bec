import { AudioError } from '../audio-error.js';
import type { AudioFile, OpenAudioOptions } from '../audio-file.js';
import { openAudio } from '../open-audio.js';
import type { Format } from '../sniff/format.js';
import { sniffFormat } from '../sniff/sniff-format.js';
import { checkedFile } from '../checked-file.js';
import { asfSeconds } from './asf-seconds.js';
import { NoFfmpegError } from './ffmpeg-process.js';
import { openFileReader } from './file-reader.js';
import { openThroughFfmpeg } from './open-through-ffmpeg.js';

/** How a sound file is read. */
export interface OpenAudioFileOptions extends OpenAudioOptions {
  /** Whether a system `ffmpeg`, where there is one, reads what nothing else here can (WMA, AMR, HE-AAC). Default true. */
  readonly ffmpeg?: boolean;
}

/**
 * Opens a sound file by its path, as `openAudio` does, and reads only the parts that are asked for. It stays open until
 * `close`.
 *
 * Formats and codings that are not read here go to a system `ffmpeg`, when there is one; `format` says so: `Windows Media
 * (WMA) (through ffmpeg)`. It gets no shell and only this file, and 30 s to come up with the next samples.
 *
 * @throws {AudioError} As `openAudio` does; for a folder, a pipe, a socket or a device; when ffmpeg finds the file damaged.
 * @throws The error of `node:fs` when the file can't be opened, such as one with `code: 'ENOENT'`.
 * @example
 * const sound = await openAudioFile('night.wav');
 * const [left] = await sound.read(3600 * sound.sampleRate, 6 * sound.sampleRate); // 6 s after the first hour
 * sound.close();
 */
export async function openAudioFile(path: string, options: OpenAudioFileOptions = {}): Promise<AudioFile> {
  const { ffmpeg = true, ...how } = options;
  const reader = openFileReader(path);
  let format: Format | undefined;
  let seconds: number | undefined;
  try {
    format = reader.size > 0 ? sniffFormat(reader).format : undefined;
    seconds = format?.ffmpeg === 'asf' ? asfSeconds(reader) : undefined;
    return await openAudio(reader, how);
  } catch (error) {
    reader.close?.();
    if (!(error instanceof AudioError) || error.problem !== 'unsupported') throw error;
    if (!format?.ffmpeg || isEncrypted(error) || isJoined(error)) throw error;
    if (!ffmpeg) throw advised(error, 'or let a system ffmpeg read it, which `ffmpeg` turned off');
    const name = error.format ?? format.name;
    try {
      const file = await openThroughFfmpeg(path, { ...how, name, demuxer: format.ffmpeg, seconds });
      if (file) return checkedFile(file, { format: file.format, sane: false });
    } catch (cause) {
      if (!(cause instanceof NoFfmpegError)) throw cause;
      throw advised(error, 'or install ffmpeg, which reads it');
    }
    throw advised(error, 'a system ffmpeg could not read it either');
  }
}

/** The same error with one more thing that can be done. */
function advised(error: AudioError, advice: string): AudioError {
  return new AudioError(`${error.message}, ${advice}`, error.problem, error.format, { cause: error });
}

/** What no key is at hand for: ffmpeg would make noise of it. */
function isEncrypted({ format = '' }: AudioError): boolean {
  return format.includes('encrypted');
}

/** Streams that are not one sound: ffmpeg would leave out the second, or mix it down, without a word. */
function isJoined({ format = '' }: AudioError): boolean {
  return format.includes(', then ');
}
