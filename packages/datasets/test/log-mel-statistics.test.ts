import { expect, test } from 'vitest';

import { logMelStatistics } from '../src/index.js';
import { first, memoryStore, numbered } from './memory-store.js';

test('mean and standard deviation over all values, as a plain loop finds them', async () => {
  const spectrograms = [numbered(0, 3, 7), undefined, numbered(2, 3, 50), numbered(-40, 3, 1)];
  const values = spectrograms.flatMap((spectrogram) => [...(spectrogram?.data ?? [])]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const found = await logMelStatistics(memoryStore(spectrograms), first(0, 2, 3));
  // double precision on both sides, a few hundred additions: 1e-12 relative leaves a margin of 10
  expect(Math.abs(found.mean / mean - 1)).toBeLessThan(1e-12);
  expect(Math.abs(found.std / Math.sqrt(variance) - 1)).toBeLessThan(1e-12);
});

test('takes in all pieces of all clips by default', async () => {
  const parts = [numbered(0, 2, 5), numbered(3, 2, 9), numbered(5, 2, 4)] as const;
  const store = memoryStore([parts[0], [parts[1], parts[2]]]);
  const told: string[] = [];
  const onProgress = ({ done, total }: { done: number; total: number }): unknown => told.push(`${done} of ${total}`);
  expect(await logMelStatistics(store, undefined, { onProgress })).toEqual(await logMelStatistics(memoryStore(parts)));
  expect(told).toEqual(['1 of 2', '2 of 3', '3 of 3']); // a clip not yet looked at counts as one
  expect(store.loads).toEqual([0, 1, 1]);
});

test('tells after each piece, and stops where its signal says so', async () => {
  const store = memoryStore([0, 1, 2, 3].map((clip) => numbered(clip, 2, 5)));
  const told: unknown[] = [];
  const controller = new AbortController();
  const found = logMelStatistics(store, first(0, 1, 2, 3), {
    signal: controller.signal,
    onProgress(progress) {
      told.push(progress);
      if (progress.done === 2) controller.abort(new Error('enough'));
    },
  });
  await expect(found).rejects.toThrow('enough');
  expect(told).toEqual([
    { done: 1, total: 4 },
    { done: 2, total: 4 },
  ]);
  expect(store.loads).toEqual([0, 1]);
  await expect(logMelStatistics(store, undefined, { signal: controller.signal })).rejects.toThrow('enough');
});

test('refuses what cannot be standardised, and does not hide a damaged clip', async () => {
  const silence = { bins: 2, frames: 2, data: new Float32Array(4).fill(-15.9) };
  await expect(logMelStatistics(memoryStore([silence]))).rejects.toThrow(
    /got a standard deviation of 0; are the clips silent/,
  );
  await expect(logMelStatistics(memoryStore([silence, undefined]))).rejects.toThrow('1.wav: damaged');
});
