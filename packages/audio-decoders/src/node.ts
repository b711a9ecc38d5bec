import { readFile } from 'node:fs/promises';
import type { AudioFile, OpenAudioOptions } from './audio-file.js';
import { openAudio } from './open-audio.js';

/** How a sound file is read. */
export interface OpenAudioFileOptions extends OpenAudioOptions {
  /** Whether a system `ffmpeg`, where there is one, reads what nothing else here can (WMA, AMR, HE-AAC). Default true. */
  readonly ffmpeg?: boolean;
}

/** Opens a sound file by its path (interim). */
export async function openAudioFile(path: string, { ffmpeg: _, ...options }: OpenAudioFileOptions = {}): Promise<AudioFile> {
  return openAudio(await readFile(path), options);
}
