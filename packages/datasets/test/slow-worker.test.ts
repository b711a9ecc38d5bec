import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test, vi } from 'vitest';

import { openFolder, openLogMels, type LogMelStore, type LogMelStoreOptions } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

vi.mock('../src/worker-module.js', () => ({
  workerModule: () => ({
    filename: fileURLToPath(new URL('fixtures/slow-worker.mjs', import.meta.url)),
    execArgv: ['--conditions=@audio-ssl/source'],
  }),
}));

/** Far above the 1500 ms that workers have to stop: the machine may be busy. */
const SOON = 5000;

async function open(names: readonly string[], options: LogMelStoreOptions = {}): Promise<LogMelStore> {
  const root = await temporaryFolder();
  for (const name of names) await put(join(root, name), wav(sine(440, 0.3)));
  const store = await openLogMels((await openFolder(root)).clips, { workers: 1, ...options });
  onTestFinished(() => store.close());
  return store;
}

test('tells what is being read at least every second', async () => {
  const store = await open(['a.wav', 'long.wav']);
  const details: string[] = [];
  const { kept } = await store.prepareAll({
    onProgress: ({ done, total, detail }) => {
      if (detail !== undefined) details.push(`${done}/${total} ${detail}`);
    },
  });
  expect(kept).toEqual([0, 1]);
  // 2.1 s of work, told of twice a second; a busy machine may lose some
  expect(details.length).toBeGreaterThanOrEqual(2);
  // on a busy machine the other clip may take long, too
  const long = details.filter((detail) => detail.includes('long.wav'));
  for (const detail of long)
    expect(detail).toMatch(/^[01]\/2 long\.wav (0:[345]0|1:[0-3]0):00 of 3:00:00(, and 1 more)?$/);
  expect(new Set(long).size).toBeGreaterThan(1);
});

test('tells of a sound that takes long to open', async () => {
  const store = await open(['a.wav', 'opening.wav']);
  const details = new Set<string>();
  await store.prepareAll({ onProgress: ({ detail }) => detail !== undefined && details.add(detail) });
  const opening = [...details].filter((detail) => detail.startsWith('opening.wav')); // the other clip, too, on a busy machine
  expect(opening[0]).toMatch(/^opening\.wav 0:00:00(, and 1 more)?$/);
});

test('pieces() tells, too', async () => {
  const store = await open(['long.wav']);
  const details = new Set<string>();
  expect(await store.pieces(0, { onDetail: (detail) => details.add(detail) })).toEqual([28]);
  expect(details.size).toBeGreaterThan(1);
});

test('who waits for one sound is told of another that the worker is at before', async () => {
  const store = await open(['a.wav', 'busy.wav']);
  const details = new Set<string>();
  const first = store.pieces(1);
  await store.load(0, 0, { onDetail: (detail) => details.add(detail) });
  expect([...details]).toContain('busy.wav 0:30:00 of 3:00:00');
  await first;
});

test.each(['long.wav', 'stuck.wav'])(
  'aborting takes about two seconds at most while a worker is at %s, and the store goes on',
  async (name) => {
    const store = await open(['a.wav', 'b.wav', name]);
    await store.load(0); // the worker has started
    const controller = new AbortController();
    const preparing = store.prepareAll({ signal: controller.signal });
    preparing.catch(() => undefined);
    await sleep(700);
    const begun = performance.now();
    controller.abort(new Error('enough'));
    await expect(preparing).rejects.toThrow('enough');
    expect(performance.now() - begun).toBeLessThan(SOON);
    expect((await store.load(1)).frames).toBe(28);
  },
);

test("somebody else's abort does not end who waits for the same sound", async () => {
  const store = await open(['long.wav'], { segmentFrames: 10 });
  const controller = new AbortController();
  const seen = new Promise<void>((resolve) => {
    const preparing = store.prepareAll({ signal: controller.signal, onProgress: () => resolve() });
    preparing.catch(() => undefined);
  });
  await seen; // its survey is under way
  const loading = store.load(0, 1);
  loading.catch(() => undefined);
  controller.abort(new Error('enough'));
  expect((await loading).frames).toBe(10);
});

test('closing takes about two seconds at most while a worker is stuck', async () => {
  const store = await open(['stuck.wav']);
  const loading = store.load(0);
  loading.catch(() => undefined);
  await sleep(700);
  const begun = performance.now();
  await store.close();
  expect(performance.now() - begun).toBeLessThan(SOON);
  await expect(loading).rejects.toThrow();
});
