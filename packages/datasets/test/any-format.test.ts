import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import {
  createLogMel,
  decodeAudio,
  mixToMono,
  resample,
  type AudioData,
  type Spectrogram,
} from '@audio-ssl/audio-frontend';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { openFolder, openLogMels, type LogMelStore, type LogMelStoreOptions } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

// The files are made by a system ffmpeg; without one these tests are skipped.
const run = promisify(execFile);
const hasFfmpeg = await run('ffmpeg', ['-version']).then(
  () => true,
  () => false,
);
if (!hasFfmpeg) console.warn('no ffmpeg: the sounds of other formats are not tried');

/** What ffmpeg writes six seconds of a tone to, and how far its frames may be from those of the samples. */
const encodings: readonly (readonly [name: string, args: readonly string[], within: number])[] = [
  ['a.flac', [], 0],
  ['a.w64', [], 0],
  ['a.aiff', [], 0],
  ['a.m4a', ['-c:a', 'alac'], 0],
  ['a.mka', ['-c:a', 'flac'], 0],
  ['a.mp3', ['-b:a', '192k'], 1],
  ['a.ogg', ['-c:a', 'libvorbis', '-q:a', '8'], 1],
  ['a.opus', ['-c:a', 'libopus', '-b:a', '160k'], 1],
  ['a.aac', ['-c:a', 'aac', '-b:a', '192k'], 1],
];

async function open(root: string, options: LogMelStoreOptions = {}): Promise<LogMelStore> {
  const store = await openLogMels((await openFolder(root)).clips, { workers: 1, ...options });
  onTestFinished(() => store.close());
  return store;
}

const tone = wav(sine(1000, 6));

const logMelOf = (audio: AudioData): Spectrogram =>
  createLogMel()(resample(mixToMono(audio), audio.sampleRate, 16_000));

/** Has ffmpeg write sounds of the tone into a folder; returns the names of those that it cannot write. */
async function encode(
  root: string,
  sounds: readonly (readonly [name: string, args: readonly string[], ...unknown[]])[],
): Promise<string[]> {
  const source = join(await mkdtemp(join(tmpdir(), 'audio-ssl-tone-')), 'tone.wav');
  await writeFile(source, tone);
  const missing: string[] = [];
  for (const [name, args] of sounds)
    await run('ffmpeg', ['-v', 'error', '-i', source, ...args, join(root, name)]).catch(() => missing.push(name));
  await rm(dirname(source), { recursive: true });
  return missing;
}

describe.skipIf(!hasFfmpeg)('sounds of any format', () => {
  let root: string;
  let missing: readonly string[];
  let store: LogMelStore;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'audio-ssl-datasets-'));
    missing = await encode(root, encodings);
    const { clips } = await openFolder(root);
    store = await openLogMels(clips, { workers: 1, segmentFrames: 200, memory: 0 });
  });
  afterAll(async () => {
    await store.close();
    await rm(root, { recursive: true });
  });

  test.each(encodings)('%s gives the pieces of the whole, which show the tone', async (name, _, within) => {
    if (missing.includes(name)) return console.warn(`this ffmpeg does not write ${name}`);
    const clip = store.clips.findIndex(({ id }) => id === name);
    const all = logMelOf(await decodeAudio(await readFile(join(root, name))));
    const pieces = await store.pieces(clip);
    expect(pieces.reduce((sum, frames) => sum + frames)).toBe(all.frames);
    expect(pieces.length).toBeGreaterThanOrEqual(3);
    // the pieces from last to first: each from its own place in the file
    let end = all.frames;
    for (let piece = pieces.length - 1; piece >= 0; piece--) {
      const { data, bins, frames } = await store.load(clip, piece);
      const first = (end -= frames);
      for (let bin = 0; bin < bins; bin++) {
        const row = all.data.subarray(bin * all.frames + first, bin * all.frames + first + frames);
        expect(data.subarray(bin * frames, (bin + 1) * frames)).toEqual(row);
      }
    }
    // the loudest bin of a frame in the middle is that of the WAV, and as loud
    const plain = logMelOf(await decodeAudio(tone));
    const at = ({ data, frames }: Spectrogram): number[] =>
      Array.from({ length: 80 }, (_, bin) => data[bin * frames + 300]!);
    const [ours, theirs] = [at(all), at(plain)];
    const loudest = theirs.indexOf(Math.max(...theirs));
    expect(ours.indexOf(Math.max(...ours))).toBe(loudest);
    expect(Math.abs(ours[loudest]! - theirs[loudest]!)).toBeLessThanOrEqual(within);
  });

  test('a truncated sound is skipped with the seconds that are missing, or used with a notice', async () => {
    const root = await temporaryFolder();
    await encode(root, [['a.flac', []]]);
    const bytes = await readFile(join(root, 'a.flac'));
    await put(join(root, 'cut.flac'), bytes.subarray(0, bytes.length / 2));
    const refused = await (await open(root)).prepareAll();
    expect(refused.skipped).toMatchObject([{ path: join(root, 'cut.flac'), cause: 'truncated' }]);
    expect(refused.skipped[0]!.reason).toMatch(/\d s of 6\.0 s are missing/);
    const cacheDir = await temporaryFolder();
    for (let time = 0; time < 2; time++) {
      const { kept, pieces, skipped, notices } = await (
        await open(root, { damaged: 'keep', segmentFrames: 100, cacheDir })
      ).prepareAll();
      expect([kept, skipped]).toEqual([[0, 1], []]);
      expect(notices).toMatchObject([{ path: join(root, 'cut.flac'), kind: 'damaged' }]);
      const frames = pieces.filter(({ clip }) => clip === 1).reduce((sum, piece) => sum + piece.frames, 0);
      expect(frames).toBeGreaterThan(200);
      expect(frames).toBeLessThan(400);
    }
  });

  test('what only ffmpeg reads is told, or refused by name without it', async ({ skip }) => {
    const root = await temporaryFolder();
    if ((await encode(root, [['a.wma', ['-c:a', 'wmav2']]])).length > 0) return skip('this ffmpeg writes no WMA');
    const cacheDir = await temporaryFolder();
    const { kept, notices } = await (await open(root, { cacheDir })).prepareAll();
    expect(kept).toEqual([0]);
    expect(notices).toEqual([
      {
        path: join(root, 'a.wma'),
        kind: 'through ffmpeg',
        message: 'Windows Media (WMA)',
      },
    ]);
    // whether the cache knows the sound or not
    for (const warm of [false, true]) {
      const store = await open(root, { ffmpeg: false, ...(warm && { cacheDir }) });
      await expect(store.prepareAll()).rejects.toThrow(/WMA/);
      expect(store.skipped).toMatchObject([{ cause: 'WMA' }]);
    }
  });
});
