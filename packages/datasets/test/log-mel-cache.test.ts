import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cacheFile, readCache, writeCache } from '../src/log-mel-cache.js';
import { temporaryFolder } from './temporary-folder.js';

const spectrogram = { data: Float32Array.from({ length: 12 }, (_, i) => Math.log(i + 1)), bins: 4, frames: 3 };

test('gives back what was written, and nothing where nothing was', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'new', 'one');
  expect(await readCache(file)).toBeUndefined();
  await writeCache(file, spectrogram);
  expect(await readCache(file)).toEqual(spectrogram);
  expect(await readdir(join(folder, 'new'))).toEqual(['one']);
});

test('reads no damaged file: cut anywhere, grown, or with any one bit changed', async () => {
  const file = join(await temporaryFolder(), 'one');
  await writeCache(file, spectrogram);
  const whole = await readFile(file);
  const position = fc.nat(whole.length - 1);
  await fc.assert(
    fc.asyncProperty(position, fc.nat(7), async (at, bit) => {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1 << bit;
      for (const damaged of [flipped, whole.subarray(0, at), Buffer.concat([whole, whole.subarray(0, at + 1)])]) {
        await writeFile(file, damaged);
        expect(await readCache(file)).toBeUndefined();
      }
    }),
  );
});

test('another path, size, time or option is another file', () => {
  const key = { path: '/a.wav', size: 10, modified: 1.5, frontEnd: { melBins: 80 } };
  const keys = [
    key,
    { ...key, path: '/b.wav' },
    { ...key, size: 11 },
    { ...key, modified: 1.25 },
    { ...key, frontEnd: { melBins: 81 } },
  ];
  expect(new Set(keys.map((each) => cacheFile('folder', each))).size).toBe(keys.length);
  expect(cacheFile('folder', { ...key })).toBe(cacheFile('folder', key));
});
