import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cacheFile, readCache, readFacts, writeCache, type CacheKey, type SoundFacts } from '../src/log-mel-cache.js';
import { temporaryFolder } from './temporary-folder.js';

const spectrogram = { data: Float32Array.from({ length: 12 }, (_, i) => Math.log(i + 1)), bins: 4, frames: 3 };

const sound = {
  samples: 1600,
  frames: 3,
  notices: [{ kind: 'silent', message: 'leave it out' }],
} as const satisfies SoundFacts;

test('gives back what was written, and nothing where nothing was', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'new', 'one');
  expect(await readCache(file)).toBeUndefined();
  expect(await readFacts(file)).toBeUndefined();
  await writeCache(file, { spectrogram });
  expect(await readCache(file)).toEqual(spectrogram);
  expect(await readFacts(file)).toEqual({ sound: undefined, complete: true });
  await writeCache(file, { spectrogram, sound });
  expect(await readCache(file)).toEqual(spectrogram);
  expect(await readFacts(file)).toEqual({ sound, complete: true });
  await writeCache(file, { sound });
  expect(await readCache(file)).toBeUndefined();
  expect(await readFacts(file)).toEqual({ sound, complete: false });
  expect(await readdir(join(folder, 'new'))).toEqual(['one']);
});

test('reads no damaged file: cut anywhere, grown, or with any one bit changed', async () => {
  const file = join(await temporaryFolder(), 'one');
  await writeCache(file, { spectrogram, sound });
  const whole = await readFile(file);
  const values = whole.length - 4 * spectrogram.data.length - 32;
  const position = fc.nat(whole.length - 1);
  await fc.assert(
    fc.asyncProperty(position, fc.nat(7), async (at, bit) => {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1 << bit;
      for (const damaged of [flipped, whole.subarray(0, at), Buffer.concat([whole, whole.subarray(0, at + 1)])]) {
        await writeFile(file, damaged);
        expect(await readCache(file)).toBeUndefined();
        // what is known of the sound is right or not there; it does not vouch for the values, only for their number
        const facts = await readFacts(file);
        if (at < values && damaged.length <= whole.length) expect(facts).toBeUndefined();
        else expect(facts).toEqual({ sound, complete: damaged.length === whole.length });
      }
    }),
  );
});

test('writes nothing that it would not read', async () => {
  const folder = await temporaryFolder();
  const of = (length: number): SoundFacts => ({
    ...sound,
    notices: [{ kind: 'damaged', message: 'x'.repeat(length) }],
  });
  let written = 0;
  for (let length = 3900; length < 4100; length += 5) {
    const file = join(folder, String(length));
    const isWritten = await writeCache(file, { spectrogram, sound: of(length) }).then(
      () => true,
      () => false,
    );
    expect(await readFacts(file)).toEqual(isWritten ? { sound: of(length), complete: true } : undefined);
    expect(await readCache(file)).toEqual(isWritten ? spectrogram : undefined);
    if (isWritten) written++;
  }
  expect(written).toBeGreaterThan(0);
  expect((await readdir(folder)).length).toBe(written);
});

test('another path, size, time or option is another file', () => {
  const key = { path: '/a.wav', size: 10, modified: 1.5, frontEnd: { melBins: 80 } };
  const keys: CacheKey[] = [
    key,
    { ...key, path: '/b.wav' },
    { ...key, size: 11 },
    { ...key, modified: 1.25 },
    { ...key, frontEnd: { melBins: 81 } },
    { ...key, channel: 0 },
    { ...key, damaged: 'keep' },
    { ...key, cut: { segmentFrames: 100, piece: 0 } },
    { ...key, cut: { segmentFrames: 100, piece: 1 } },
    { ...key, cut: { segmentFrames: 200, piece: 0 } },
  ];
  expect(new Set(keys.map((each) => cacheFile('folder', each))).size).toBe(keys.length);
  expect(cacheFile('folder', { ...key, channel: undefined, damaged: undefined, cut: undefined })).toBe(
    cacheFile('folder', key),
  );
});
