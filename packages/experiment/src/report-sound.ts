import { openAudioFile } from '@audio-ssl/audio-decoders/node';
import { mixToMono, resample } from '@audio-ssl/audio-frontend';
import type { ReportSound } from '@audio-ssl/report';
import { readFile, stat } from 'node:fs/promises';
import wavefile from 'wavefile';
import type { SoundSettings } from './sound-settings.js';

const SMALL = 90_000; // bytes
const RATE = 16_000; // Hz
const SECONDS = 5;
/** Read beyond what is shown, for the filter of the resampler. */
const MARGIN = 0.1; // seconds

/** What every browser plays, by the words of `AudioFile.format`. */
const played: readonly (readonly [format: RegExp, type: string])[] = [
  [/^WAV \((8|16|24|32)-bit (PCM|float)\)$/, 'audio/wav'],
  [/^FLAC/, 'audio/flac'],
  [/^MP3/, 'audio/mpeg'],
  [/^Ogg \((Vorbis|Opus)\)/, 'audio/ogg'],
];

/**
 * Reads a sound for listening to it in a report, as a data URI: a WAV, FLAC, MP3 or Ogg file of at most 90 kB as it is,
 * anything else, and one channel of several, as its first five seconds in mono 16-bit WAV at 16 kHz.
 *
 * @param id its name in the report
 * @returns without sound for a file that cannot be read any more
 */
export async function reportSound(
  path: string,
  id: string,
  { label, channel = 'mean', ffmpeg = true }: SoundSettings & { readonly label?: string | undefined } = {},
): Promise<ReportSound> {
  const named = { id, ...(label !== undefined && { label }) };
  try {
    return { ...named, audio: await dataUri(path, channel, ffmpeg) };
  } catch {
    return named;
  }
}

async function dataUri(path: string, channel: number | 'mean', ffmpeg: boolean): Promise<string> {
  const file = await openAudioFile(path, { damaged: 'keep', ffmpeg });
  try {
    const { sampleRate, format } = file;
    const type = played.find(([pattern]) => pattern.test(format))?.[1];
    const whole = channel === 'mean' || file.channels === 1;
    if (type !== undefined && whole && (await stat(path)).size <= SMALL) return encoded(type, await readFile(path));
    const channels = await file.read(0, Math.ceil((SECONDS + MARGIN) * sampleRate));
    const mono = mixToMono({ channels, sampleRate }, channel);
    const samples = resample(mono, sampleRate, RATE).subarray(0, SECONDS * RATE);
    const wav = new wavefile.WaveFile();
    const integers = Int16Array.from(samples, (x) => Math.round(32_767 * Math.min(1, Math.max(-1, x))));
    wav.fromScratch(1, RATE, '16', integers);
    return encoded('audio/wav', wav.toBuffer());
  } finally {
    file.close();
  }
}

function encoded(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}
