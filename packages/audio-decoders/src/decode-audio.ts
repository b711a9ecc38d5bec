import type { AudioData } from './audio-data.js';
import { AudioError } from './audio-error.js';
import type { AudioFile, AudioSource, OpenAudioOptions } from './audio-file.js';
import { joinParts } from './join-parts.js';
import { openAudio } from './open-audio.js';

/** Samples of all channels that are held at most: 2 GiB of them. */
const MOST = 2 ** 29;

/** Frames that are decoded at once: no more is held of a header that promises what does not come. */
const PART = 2 ** 20;

/**
 * Decodes a whole sound, whatever format its content says, to samples with full scale at ±1. {@link openAudio} says what
 * is read, and reads parts of what is too long for memory.
 *
 * @throws {AudioError} As {@link openAudio} and its `read` do, and `'too large'` when there are more than 2^29 samples
 *   (2 GiB: 3.4 hours of one channel at 44.1 kHz).
 * @example
 * const audio = await decodeAudio(await readFile('dog.flac'));
 * console.log(`${audio.channels.length} channels of ${audio.channels[0].length / audio.sampleRate} s`);
 */
export async function decodeAudio(source: AudioSource, options: OpenAudioOptions = {}): Promise<AudioData> {
  const file = await openAudio(source, options);
  try {
    return { channels: await readAll(file), sampleRate: file.sampleRate };
  } finally {
    file.close();
  }
}

async function readAll(file: AudioFile): Promise<Float32Array[]> {
  if (file.frames !== undefined) requireRoom(file, file.frames);
  const parts: Float32Array[][] = [];
  let frames = 0;
  for (;;) {
    const part = await file.read(frames, PART);
    const count = part[0]?.length ?? 0;
    frames += count;
    requireRoom(file, frames);
    if (count > 0) parts.push(part);
    if (count < PART) break;
  }
  return joinParts(parts, file.channels);
}

function requireRoom({ channels, sampleRate, format }: AudioFile, frames: number): void {
  if (frames * channels <= MOST) return;
  const long = `${frames} samples of ${channels} channels (${(frames / sampleRate / 3600).toFixed(1)} hours)`;
  throw new AudioError(
    `decodeAudio: expected at most ${MOST} samples of all channels, got ${long} in a file of ${format}; use openAudio and read parts of it`,
    'too large',
    format,
  );
}
