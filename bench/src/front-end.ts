import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createLogMel, decodeAudio, mixToMono, resample } from '@audio-ssl/audio-frontend';

const CLIPS = 100;
const ROUNDS = 5;
const FOLDERS = ['../../../shared/data/esc50/audio', '../../examples/matpac/data/audio'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/**
 * Measures how many times faster than real time audio files become log-mels on one core: 16 kHz FLAC (ESC-50 where
 * it stands beside the checkout, else the notes that ship with the repository), and the same sound as 44.1 kHz WAV.
 */
export async function benchLogMel(): Promise<void> {
  const folder = FOLDERS.find(existsSync);
  if (folder === undefined) throw new Error(`benchLogMel: expected FLAC files in ${FOLDERS.join(' or ')}, got neither`);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.flac')).sort().slice(0, CLIPS); // prettier-ignore
  const flacs = await Promise.all(names.map(async (name) => new Uint8Array(await readFile(`${folder}/${name}`))));
  const logMel = createLogMel();

  console.log(
    `${names.length} clips of ${folder}; times real time per second of processor time, best of ${ROUNDS} rounds`,
  );
  const waveforms = await each(flacs, async (bytes) => mixToMono(await decodeAudio(bytes)));
  const seconds = waveforms.reduce((sum, waveform) => sum + waveform.length, 0) / 16000;
  await report('16 kHz FLAC to log-mel', seconds, async () => {
    for (const bytes of flacs) logMel(mixToMono(await decodeAudio(bytes)));
  });
  await report('  decode', seconds, () => each(flacs, decodeAudio));
  await report('  log-mel', seconds, () => each(waveforms, logMel));

  const wavs = waveforms.slice(0, 20).map((waveform) => writeWav(resample(waveform, 16000, 44100), 44100));
  const decoded = await each(wavs, async (bytes) => mixToMono(await decodeAudio(bytes)));
  const wavSeconds = decoded.reduce((sum, waveform) => sum + waveform.length, 0) / 44100;
  await report('44.1 kHz WAV to log-mel', wavSeconds, async () => {
    for (const bytes of wavs) logMel(resample(mixToMono(await decodeAudio(bytes)), 44100, 16000));
  });
  await report('  decode', wavSeconds, () => each(wavs, decodeAudio));
  await report('  resample', wavSeconds, () => each(decoded, (waveform) => resample(waveform, 44100, 16000)));
}

async function each<T, R>(items: readonly T[], f: (item: T) => R | Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await f(item));
  return results;
}

/** Counts processor time, not time on the clock: what one core would take if it were not shared. */
async function report(name: string, seconds: number, run: () => Promise<unknown>): Promise<void> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
  }
  console.log(`${name.padEnd(28)}${(seconds / best).toFixed(0).padStart(6)} x`);
}

function writeWav(samples: Float32Array, sampleRate: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at: number, value: string): void =>
    [...value].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), true)); // prettier-ignore
  return new Uint8Array(view.buffer);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await benchLogMel();
