import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAudio } from '@audio-ssl/audio-decoders';
import { soundPath } from './sounds.js';

/** How far our samples are from ffmpeg's. */
export interface Accuracy {
  readonly format: string;
  /** The largest difference, where full scale is 1. */
  readonly furthest: number;
  readonly goal: number;
}

/** What ffmpeg is told to encode, its decoder where it has several, and how far from it ours may be. */
const FORMATS: readonly {
  readonly format: string;
  readonly file: string;
  readonly encoder: string;
  readonly decoder?: string;
  readonly goal: number;
}[] = [
  { format: 'WAV, 16-bit', file: 'a.wav', encoder: 'pcm_s16le', goal: 0 },
  { format: 'WAV, 24-bit', file: 'b.wav', encoder: 'pcm_s24le', goal: 0 },
  { format: 'WAV, mu-law', file: 'c.wav', encoder: 'pcm_mulaw', goal: 0 },
  { format: 'WAV, MS ADPCM', file: 'd.wav', encoder: 'adpcm_ms', goal: 0 },
  { format: 'AIFF', file: 'e.aiff', encoder: 'pcm_s16be', goal: 0 },
  { format: 'FLAC', file: 'f.flac', encoder: 'flac', goal: 0 },
  { format: 'ALAC', file: 'g.m4a', encoder: 'alac', goal: 0 },
  { format: 'Vorbis', file: 'h.ogg', encoder: 'libvorbis', goal: 1e-6 },
  { format: 'AAC', file: 'i.m4a', encoder: 'aac', goal: 1e-6 },
  { format: 'MP3', file: 'j.mp3', encoder: 'libmp3lame', goal: 1e-5 },
  { format: 'Opus', file: 'k.opus', encoder: 'libopus', decoder: 'libopus', goal: 1e-4 },
];

/** Encodes the sound of the benchmark in every format by ffmpeg, and compares what ours decodes with what ffmpeg does; `undefined` without ffmpeg. */
export async function measureAccuracy(): Promise<readonly Accuracy[] | undefined> {
  if (spawnSync('ffmpeg', ['-version']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bench-accuracy-'));
  try {
    const found: Accuracy[] = [];
    for (const { format, file, encoder, decoder, goal } of FORMATS) {
      const path = join(folder, file);
      ffmpeg(['-i', soundPath('FLAC'), '-bitexact', '-c:a', encoder, path]);
      const theirs = ffmpeg([...(decoder ? ['-c:a', decoder] : []), '-i', path, '-f', 'f32le', '-']);
      const { channels } = await decodeAudio(readFileSync(path));
      found.push({ format, furthest: furthest(channels, theirs), goal });
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As a table. */
export function accuracyTable(rows: readonly Accuracy[]): string {
  const lines = rows.map(({ format, furthest: most, goal }) => {
    const found = most === 0 ? 'exact' : most.toExponential(1);
    return `  ${format.padEnd(24)}${found.padStart(11)}   (goal: ${goal === 0 ? 'exact' : `${goal} at most`})`;
  });
  return ['\nsamples against ffmpeg', ...lines].join('\n');
}

/** @returns standard output */
function ffmpeg(args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], { maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`bench: ffmpeg ${args.join(' ')} failed: ${String(stderr)}`);
  return stdout;
}

/** Infinity where the lengths differ. */
function furthest(channels: readonly Float32Array[], interleaved: Buffer): number {
  const frames = interleaved.length / 4 / channels.length;
  let most = 0;
  for (const [c, samples] of channels.entries()) {
    if (samples.length !== frames) return Infinity;
    for (const [i, sample] of samples.entries()) {
      most = Math.max(most, Math.abs(sample - interleaved.readFloatLE(4 * (i * channels.length + c))));
    }
  }
  return most;
}
