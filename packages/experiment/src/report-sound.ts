import { decodeAudio, mixToMono, resample } from '@audio-ssl/audio-frontend';
import type { ReportSound } from '@audio-ssl/report';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import wavefile from 'wavefile';

const SMALL = 90_000; // bytes
const RATE = 16_000; // Hz
const SECONDS = 5;

/**
 * Reads a sound for listening to it in a report, as a data URI: a FLAC or WAV file of at most 90 kB as it is, anything
 * else as its first five seconds in mono 16-bit WAV at 16 kHz.
 *
 * @param id its name in the report
 * @throws Error for a file that cannot be read or decoded
 */
export async function reportSound(path: string, id: string, label?: string): Promise<ReportSound> {
  const bytes = await readFile(path);
  const named = { id, ...(label !== undefined && { label }) };
  const type = extname(path).toLowerCase() === '.flac' ? 'audio/flac' : 'audio/wav';
  if (bytes.length <= SMALL) return { ...named, audio: dataUri(type, bytes) };
  const audio = await decodeAudio(bytes);
  const samples = resample(mixToMono(audio), audio.sampleRate, RATE).subarray(0, SECONDS * RATE);
  const wav = new wavefile.WaveFile();
  const integers = Int16Array.from(samples, (x) => Math.round(32_767 * Math.min(1, Math.max(-1, x))));
  wav.fromScratch(1, RATE, '16', integers);
  return { ...named, audio: dataUri('audio/wav', wav.toBuffer()) };
}

function dataUri(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}
