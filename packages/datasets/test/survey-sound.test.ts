import { join } from 'node:path';

import type { AudioFile } from '@audio-ssl/audio-decoders';
import { createLogMel, createLogMelWindows, logMelPresets, type Spectrogram } from '@audio-ssl/audio-frontend';
import { expect, test } from 'vitest';

import { readFacts, writeCache, type SoundFacts } from '../src/log-mel-cache.js';
import { monoReader } from '../src/mono-reader.js';
import type { SoundSettings } from '../src/open-sound.js';
import { readLogMel } from '../src/read-log-mel.js';
import { surveySound } from '../src/survey-sound.js';
import { temporaryFolder } from './temporary-folder.js';
import { sine } from './wav.js';

const RATE = 16_000;
const logMel = logMelPresets.matpac;
const defaults: SoundSettings = {
  ...{ logMel, fillShort: false, segmentFrames: null, channel: 'mean', damaged: 'refuse', ffmpeg: true },
};

/** A file in memory that counts what is read of it. */
function fake(
  samples: Float32Array,
  more: Partial<AudioFile> = {},
): AudioFile & { readonly reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    ...{
      sampleRate: RATE,
      channels: 1,
      frames: samples.length,
      format: 'fake',
      damage: undefined,
      close: () => undefined,
    },
    async read(start, count) {
      reads.push([start, count]);
      return [samples.slice(start, start + count)];
    },
    ...more,
    reads,
  };
}

async function survey(
  file: AudioFile,
  settings: Partial<SoundSettings> = {},
  wanted: (pieces: number) => boolean = () => true,
): Promise<{ facts: SoundFacts; pieces: Spectrogram[] }> {
  let pieces: Spectrogram[] = [];
  const sound = { file, windows: createLogMelWindows(file.sampleRate, logMel) };
  const { samples, frames, notices } = await surveySound(sound, {
    settings: { ...defaults, ...settings },
    wanted,
    onPiece: async (piece, _, spectrogram) => void (pieces = [...pieces.slice(0, piece), spectrogram]),
    onBlock: () => undefined,
  });
  return { facts: { samples, frames, notices }, pieces };
}

const noise = Float32Array.from({ length: 26 * RATE + 77 }, (_, i) => Math.sin(i * i * 1e-4) * Math.cos(i * 0.013));
const whole = createLogMel()(noise);

/** Pieces side by side. */
function joined(pieces: readonly Spectrogram[]): Float32Array {
  const { bins } = pieces[0]!;
  const total = pieces.reduce((sum, { frames }) => sum + frames, 0);
  const data = new Float32Array(bins * total);
  let first = 0;
  for (const piece of pieces) {
    for (let bin = 0; bin < bins; bin++) {
      data.set(piece.data.subarray(bin * piece.frames, (bin + 1) * piece.frames), bin * total + first);
    }
    first += piece.frames;
  }
  return data;
}

test.each([null, 1000, 333, 1700])(
  'pieces of %s frames are the whole, bit for bit, and no sample is read twice',
  async (segmentFrames) => {
    const file = fake(noise);
    const { facts, pieces } = await survey(file, { segmentFrames });
    expect(facts).toEqual({ samples: noise.length, frames: whole.frames, notices: [] });
    expect(joined(pieces)).toEqual(whole.data);
    let end = 0;
    for (const [start, count] of file.reads) {
      expect(start).toBe(end);
      end += count;
    }
    expect(end).toBe(noise.length);
  },
);

test('a sound of unknown length is counted first', async () => {
  const file = fake(noise, { frames: undefined });
  const { facts, pieces } = await survey(file, { segmentFrames: 1000 });
  expect(facts).toMatchObject({ samples: noise.length, frames: whole.frames });
  expect(joined(pieces)).toEqual(whole.data);
});

test('a sound of unknown length whose pieces are not wanted is read once', async () => {
  const file = fake(new Float32Array(26 * RATE), { frames: undefined });
  const { facts, pieces } = await survey(file, { segmentFrames: 1000 }, (count) => count === 1);
  const frames = createLogMel()(new Float32Array(26 * RATE)).frames;
  expect(facts).toMatchObject({ samples: 26 * RATE, frames, notices: [{ kind: 'silent' }] });
  expect(pieces).toEqual([]);
  expect(file.reads.map(([start]) => start)).toEqual([...new Set(file.reads.map(([start]) => start))]);
});

test('a sound that ends before it should is refused, or used as far as it goes', async () => {
  const cut = noise.subarray(0, 15 * RATE);
  const declared = { frames: noise.length, damage: '11 s are missing' };
  await expect(survey(fake(cut, declared), { segmentFrames: 1000 })).rejects.toMatchObject({
    message: /^expected 416077 samples a channel, as the file declares, got fewer; /,
    problem: 'truncated',
  });
  const { facts, pieces } = await survey(fake(cut, declared), { segmentFrames: 1000, damaged: 'keep' });
  const kept = createLogMel()(cut);
  const notices = [{ kind: 'damaged', message: '11 s are missing' }];
  expect(facts).toEqual({ samples: cut.length, frames: kept.frames, notices });
  expect(joined(pieces)).toEqual(kept.data);
});

test('however long the words are that a file brings, what is known of it can be cached', async () => {
  const words = { damage: '\u0001'.repeat(5000), format: `${'é'.repeat(5000)} (through ffmpeg)` };
  const { facts } = await survey(fake(noise, words), { damaged: 'keep' });
  const file = join(await temporaryFolder(), 'facts');
  await writeCache(file, { sound: facts });
  expect(facts.notices.map(({ kind }) => kind)).toEqual(['damaged', 'through ffmpeg']);
  expect((await readFacts(file))?.sound).toEqual(facts);
});

test('what is too short, empty or too long for one piece says so', async () => {
  await expect(survey(fake(noise.subarray(0, 399)))).rejects.toMatchObject({
    message: /^too short: expected at least 400 samples at 16000 Hz, which is one frame, got 399; /,
    cause: 'too short',
  });
  await expect(survey(fake(new Float32Array(0)))).rejects.toMatchObject({ problem: 'empty' });
  // a day, of which nothing has been read yet
  await expect(survey(fake(noise, { frames: 86_400 * RATE }))).rejects.toMatchObject({
    message: /8639998 frames takes 2\.6 GiB, more than the 1 GiB .*`segmentFrames`/,
    cause: 'too long for one piece',
  });
});

test('what is odd about a sound is noticed over all of it', async () => {
  const tone = sine(440, 3);
  const opposite: Partial<AudioFile> = {
    channels: 2,
    read: async (start, count) => [tone.slice(start, start + count), tone.slice(start, start + count).map((x) => -x)],
  };
  const kinds = async (file: AudioFile, channel: number | 'mean' = 'mean'): Promise<unknown> =>
    (await survey(file, { channel })).facts.notices;
  expect(await kinds(fake(tone, opposite))).toMatchObject([{ kind: 'channels cancel' }]);
  expect(await kinds(fake(tone, opposite), 1)).toEqual([]);
  expect(await kinds(fake(tone, { format: 'AMR (through ffmpeg)' }))).toEqual([
    { kind: 'through ffmpeg', message: 'AMR' },
  ]);
  // the last sample lies behind the last frame, and is heard all the same
  const late = new Float32Array(3 * RATE + 150);
  expect(await kinds(fake(late))).toMatchObject([{ kind: 'silent' }]);
  late[late.length - 1] = 0.5;
  expect(await kinds(fake(late))).toEqual([]);
});

test('a reader finds any stretch, and decodes no more of the next one than is new', async () => {
  const file = fake(noise);
  const reader = monoReader(file, { channel: 'mean' });
  expect(await reader.read(1000, 3000)).toEqual(noise.slice(1000, 3000));
  expect(await reader.read(2500, 5000)).toEqual(noise.slice(2500, 5000));
  expect(await reader.read(2600, 2700)).toEqual(noise.slice(2600, 2700));
  expect(await reader.read(9000, 9100)).toEqual(noise.slice(9000, 9100));
  expect(await reader.read(100, 200)).toEqual(noise.slice(100, 200));
  expect(await reader.read(noise.length - 10, noise.length + 10)).toEqual(noise.slice(-10));
  expect(await reader.read(noise.length + 5, noise.length + 10)).toEqual(new Float32Array(0));
  expect(file.reads.slice(0, 4)).toEqual([
    [1000, 2000],
    [3000, 2000],
    [9000, 100],
    [100, 100],
  ]);
});

test('a stretch from the middle is that of the whole at other sample rates, too', async () => {
  const windows = createLogMelWindows(44_100, logMel);
  const total = noise.length;
  const read = async (first: number, count: number): Promise<Spectrogram> =>
    (await readLogMel(monoReader(fake(noise, { sampleRate: 44_100 }), { channel: 'mean' }), windows, {
      ...{ first, count, total, bins: 80 },
    }))!;
  const all = await read(0, windows.frames(total));
  const part = await read(600, 300);
  for (let bin = 0; bin < 80; bin++) {
    const row = all.data.subarray(bin * all.frames + 600, bin * all.frames + 900);
    expect(part.data.subarray(bin * 300, bin * 300 + 300)).toEqual(row);
  }
});
