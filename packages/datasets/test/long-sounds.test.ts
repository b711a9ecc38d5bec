import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createLogMel, decodeAudio, type Spectrogram } from '@audio-ssl/audio-frontend';
import { expect, onTestFinished, test } from 'vitest';

import { openFolder, openLogMels, SkippedClipError, type LogMelStore, type LogMelStoreOptions } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

async function open(root: string, options: LogMelStoreOptions = {}): Promise<LogMelStore> {
  const store = await openLogMels((await openFolder(root)).clips, { workers: 1, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A rising tone, so that no two frames are alike. */
const chirp = (seconds: number): Float32Array =>
  Float32Array.from({ length: Math.round(16_000 * seconds) }, (_, i) => 0.5 * Math.sin(i * i * 1e-5));

/** `count` frames from `first` on. */
function part({ data, bins, frames }: Spectrogram, first: number, count: number): Float32Array {
  const rows = new Float32Array(bins * count);
  for (let bin = 0; bin < bins; bin++)
    rows.set(data.subarray(bin * frames + first, bin * frames + first + count), bin * count);
  return rows;
}

const cacheFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const made = new Date('2026-01-01'); // a time that can be given again to the last digit

/** Other bytes of the same size and time: whoever reads the file now cannot use it. */
async function spoil(path: string): Promise<void> {
  await writeFile(path, new Uint8Array((await stat(path)).size));
  await utimes(path, made, made);
}

async function folder(): Promise<{ root: string; long: string; cacheDir: string; whole: Spectrogram }> {
  const [root, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
  const long = join(root, 'long.wav');
  await put(long, wav(chirp(5)));
  await put(join(root, 'short.wav'), wav(sine(440, 2)));
  await put(join(root, 'silent.wav'), wav(new Float32Array(80_000)));
  for (const name of await readdir(root)) await utimes(join(root, name), made, made);
  const whole = createLogMel()((await decodeAudio(await readFile(long))).channels[0]!);
  return { root, long, cacheDir, whole };
}

const inPieces = [
  ...[160, 160, 178].map((frames, piece) => ({ clip: 0, piece, frames })),
  { clip: 1, piece: 0, frames: 198 },
  ...[160, 160, 178].map((frames, piece) => ({ clip: 2, piece, frames })),
];
const silent = { kind: 'silent', message: 'all samples are 0', next: 'leave such files out' };

test.each([true, false])(
  'a long sound is cut into pieces that are the whole side by side (with a cache: %s)',
  async (cached) => {
    const { root, cacheDir, whole } = await folder();
    const store = await open(root, { segmentFrames: 160, ...(cached && { cacheDir }) });
    const { kept, pieces, notices, skipped } = await store.prepareAll();
    expect(kept).toEqual([0, 1, 2]);
    expect(pieces).toEqual(inPieces);
    expect(skipped).toEqual([]);
    expect(notices).toEqual([{ path: join(root, 'silent.wav'), ...silent }]);
    expect(store.notices).toEqual(notices);
    expect(await store.pieces(0)).toEqual([160, 160, 178]);
    // in any order
    for (const [piece, first, count] of [
      [2, 320, 178],
      [0, 0, 160],
      [1, 160, 160],
    ] as const) {
      const { data, frames } = await store.load(0, piece);
      expect(frames).toBe(count);
      expect(data).toEqual(part(whole, first, count));
    }
    await expect(store.load(0, 3)).rejects.toThrow(/expected a piece of .*long\.wav \(0 to 2\), got 3; see pieces\(\)/);
    await expect(store.load(1, 1)).rejects.toThrow(/\(0 to 0\), got 1/);
  },
);

test('pieces can be loaded without preparing, and without keeping any in memory', async () => {
  const { root, whole } = await folder();
  const store = await open(root, { segmentFrames: 160, memory: 0, workers: 2 });
  const loaded = await Promise.all([0, 1, 2].map((piece) => store.load(0, piece)));
  expect(loaded.map(({ frames }) => frames)).toEqual([160, 160, 178]);
  expect(loaded[1]!.data).toEqual(part(whole, 160, 160));
  expect((await store.load(1)).frames).toBe(198);
});

test('a warm start decodes nothing', async () => {
  const { root, long, cacheDir, whole } = await folder();
  const options = { segmentFrames: 160, cacheDir };
  const first = await (await open(root, options)).prepareAll();
  for (const name of ['long.wav', 'short.wav', 'silent.wav']) await spoil(join(root, name));
  const store = await open(root, options);
  expect(await store.prepareAll()).toEqual(first);
  expect((await store.load(0, 1)).data).toEqual(part(whole, 160, 160));
  expect((await store.load(1)).frames).toBe(198);
  expect(await (await open(root, options)).pieces(0)).toEqual([160, 160, 178]);
  // without the cache they are what they have become
  await expect((await open(root)).load(0)).rejects.toThrow(long);
});

test('a piece that is missing or damaged in the cache is made again, from a sound that is known', async () => {
  const { root, cacheDir, whole } = await folder();
  const options = { segmentFrames: 160, cacheDir };
  await (await open(root, options)).prepareAll();
  const files = await cacheFiles(cacheDir);
  expect(files.length).toBe(1 + 3 + 1 + 1 + 3); // what is known of each long one, and its pieces; the short one whole
  const sizes = new Map(await Promise.all(files.map(async (file) => [file, (await stat(file)).size] as const)));
  const piecesOf160 = files.filter((file) => Math.abs(sizes.get(file)! - 4 * 80 * 160) < 500);
  expect(piecesOf160.length).toBe(4);
  for (const file of piecesOf160.slice(0, 2)) await rm(file);
  for (const file of piecesOf160.slice(2)) {
    const bytes = await readFile(file);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(file, bytes);
  }
  const store = await open(root, options);
  await store.prepareAll();
  expect((await cacheFiles(cacheDir)).sort()).toEqual(files.sort());
  for (const [piece, at, count] of [
    [0, 0, 160],
    [1, 160, 160],
    [2, 320, 178],
  ] as const) {
    expect((await store.load(0, piece)).data).toEqual(part(whole, at, count));
  }
});

test('another length of pieces is of no concern to sounds that are not cut, and needs no survey of the others', async () => {
  const { root, long, cacheDir } = await folder();
  await rm(join(root, 'silent.wav'));
  await (await open(root, { segmentFrames: 160, cacheDir })).prepareAll();
  await spoil(join(root, 'short.wav'));
  const store = await open(root, { segmentFrames: 1000, cacheDir });
  expect((await store.prepareAll()).pieces.map(({ frames }) => frames)).toEqual([498, 198]);
  await (await open(root, { cacheDir })).prepareAll();
  await spoil(long);
  // whole or in pieces: all is there by now
  for (const segmentFrames of [160, 1000, null]) {
    const { kept, notices } = await (await open(root, { segmentFrames, cacheDir })).prepareAll();
    expect(kept).toEqual([0, 1]);
    expect(notices).toEqual([]);
  }
});

test('pieces with fewer than minFrames are left out, and clips that have no other', async () => {
  const { root } = await folder();
  const { pieces, skipped } = await (await open(root, { segmentFrames: 190, minFrames: 170 })).prepareAll();
  // 498 = 190 + 190 + 118
  expect(pieces.map(({ clip, frames }) => [clip, frames])).toEqual([
    [0, 190],
    [0, 190],
    [1, 198],
    [2, 190],
    [2, 190],
  ]);
  expect(skipped).toEqual([]);
  const most = await (await open(root, { segmentFrames: 190, minFrames: 195 })).prepareAll();
  expect(most.kept).toEqual([1]);
  expect(most.skipped.map(({ cause }) => cause)).toEqual(['too short', 'too short']);
});

test('a file that changes after its survey is surveyed again', async () => {
  const { root, long } = await folder();
  const store = await open(root, { segmentFrames: 160 });
  await store.prepareAll();
  const other = chirp(8).map((sample) => sample / 2);
  await put(long, wav(other));
  await utimes(long, new Date(), new Date(Date.now() + 5000));
  const whole = createLogMel()((await decodeAudio(await readFile(long))).channels[0]!);
  expect((await store.load(0, 2)).data).toEqual(part(whole, 320, 160));
  expect(await store.pieces(0)).toEqual([160, 160, 160, 160, 158]);

  // shorter than a piece that is asked for: the clip is skipped, not the run
  await put(long, wav(chirp(1)));
  await expect(store.load(0, 4)).rejects.toThrow(SkippedClipError);
  expect(store.skipped).toMatchObject([
    { path: long, cause: 'changed', reason: expect.stringMatching(/^it has become shorter/) },
  ]);
});

test('a file that grows from one piece to several, or back, has the pieces of what it is now', async () => {
  const { root, long } = await folder();
  await put(long, wav(chirp(1)));
  const store = await open(root, { segmentFrames: 160, memory: 0 });
  expect(await store.pieces(0)).toEqual([98]);
  await put(long, wav(chirp(5)));
  await store.prepareAll();
  expect(await store.pieces(0)).toEqual([160, 160, 178]);
  await put(long, wav(chirp(1)));
  await store.prepareAll();
  expect(await store.pieces(0)).toEqual([98]);
  await expect(store.load(0, 1)).rejects.toThrow(/\(0 to 0\), got 1/);
});

/** A stereo WAV with these channels. */
function stereo(left: Float32Array, right: Float32Array): Uint8Array {
  const both = new Float32Array(2 * left.length);
  left.forEach((sample, i) => both.set([sample, right[i]!], 2 * i));
  const bytes = Buffer.from(wav(both));
  bytes.writeUInt16LE(2, 22);
  bytes.writeUInt32LE(64_000, 28);
  bytes.writeUInt16LE(4, 32);
  return bytes;
}

test('one channel is taken on demand, apart in the cache; channels that cancel are told', async () => {
  const [root, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
  const [left, right] = [chirp(1), chirp(1).map((sample) => -sample)];
  await put(join(root, 'both.wav'), stereo(left, right));
  await put(join(root, 'mono.wav'), wav(left));
  const mean = await (await open(root, { cacheDir })).prepareAll();
  expect(mean.notices).toMatchObject([{ path: join(root, 'both.wav'), kind: 'channels cancel' }]);
  const store = await open(root, { cacheDir, channel: 1 });
  const { kept, skipped, notices } = await store.prepareAll();
  expect(kept).toEqual([0]);
  expect(notices).toEqual([]);
  expect(skipped).toEqual([
    {
      path: join(root, 'mono.wav'),
      reason: "expected channel 1, counted from 0, got one channel; name another with `channel`, or 'mean'",
      cause: 'no such channel',
    },
  ]);
  const rightAlone = (await decodeAudio(await readFile(join(root, 'both.wav')))).channels[1]!;
  expect((await store.load(0)).data).toEqual(createLogMel()(rightAlone).data);
});

test('wrong options are named', async () => {
  const { root } = await folder();
  await expect(open(root, { segmentFrames: 0 })).rejects.toThrow(
    /segmentFrames to be a whole number of 1 or more, got 0/,
  );
  await expect(open(root, { channel: -1 })).rejects.toThrow(/channel to be 'mean' or a whole number from 0, got -1/);
  await expect(open(root, { damaged: 'use' as 'keep' })).rejects.toThrow(/damaged to be 'refuse' or 'keep', got use/);
});
