import type { AudioData } from './audio-data.js';
import { decodeFlac } from './decode-flac.js';
import { decodeWav } from './decode-wav.js';
import { sniffFormat } from './sniff-format.js';

/**
 * Decodes the bytes of a WAV or FLAC file, whichever its content says, to samples with full scale at ±1.
 *
 * WAV: PCM of 8, 16, 24 or 32 bits and float of 32 or 64 bits, plain or as `WAVE_FORMAT_EXTENSIBLE`, any number of
 * channels. FLAC: everything that libFLAC reads. An integer of b bits is divided by 2^(b-1), as libsndfile does.
 *
 * @throws When the bytes are neither WAV nor FLAC (naming what they look like), when the file is truncated, damaged or
 * without samples, when its coding is not one of the above (naming it), when its sample rate is not within 1 to 768 kHz, or
 * when a sample is NaN, infinite, or beyond ±10000 (full scale is ±1).
 * @example
 * const audio = await decodeAudio(await readFile('dog.flac'));
 * const waveform = resample(mixToMono(audio), audio.sampleRate, 16000);
 */
export const decodeAudio = decodeWhole;

export async function decodeWhole(bytes: Uint8Array): Promise<AudioData> {
  if (bytes.length === 0) throw new Error('decodeAudio: expected a WAV or FLAC file, got 0 bytes; the file is empty');
  const format = sniffFormat(bytes);
  if (typeof format === 'object')
    throw new Error(
      `decodeAudio: expected a WAV or FLAC file, got ${format.other}; convert the file to one of the two`,
    );
  const audio = format === 'wav' ? decodeWav(bytes) : await decodeFlac(bytes);
  if (audio.sampleRate < RATES.least || audio.sampleRate > RATES.most) {
    throw new Error(
      `decodeAudio: expected a sample rate from ${RATES.least} to ${RATES.most} Hz, got ${audio.sampleRate}; its header is damaged, fetch the file again`,
    );
  }
  return audio;
}

// Rates outside are damaged headers; followed, they ask for gigabytes when it is resampled.
const RATES = { least: 1000, most: 768_000 };
