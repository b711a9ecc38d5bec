import { decodeAudio, mixToMono, resample } from '@audio-ssl/audio-frontend';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import wavefile from 'wavefile';
import type { ReportSound } from '@audio-ssl/report';

const SMALL = 90_000;
const RATE = 16_000;
const SECONDS = 5;

/**
 * Reads a sound to listen to in a report: a small FLAC or WAV file as it is, anything else as its first five seconds in
 * mono 16-bit WAV at 16 kHz.
 */
export async function reportSound(path: string, id: string, label?: string): Promise<ReportSound> {
  const bytes = await readFile(path);
  const named = { id, ...(label === undefined ? {} : { label }) };
  const type = extname(path).toLowerCase() === '.flac' ? 'audio/flac' : 'audio/wav';
  if (bytes.length <= SMALL) return { ...named, audio: dataUri(type, bytes) };
  const audio = await decodeAudio(bytes);
  const samples = resample(mixToMono(audio), audio.sampleRate, RATE).subarray(0, SECONDS * RATE);
  const wav = new wavefile.WaveFile();
  wav.fromScratch(
    1,
    RATE,
    '16',
    Int16Array.from(samples, (x) => Math.round(32767 * Math.min(1, Math.max(-1, x)))),
  );
  return { ...named, audio: dataUri('audio/wav', wav.toBuffer()) };
}

function dataUri(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}
