import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test, vi } from 'vitest';

import { createBatches, openFolder, openLogMels } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

vi.mock('../src/worker-module.js', () => ({
  workerModule: () => ({
    filename: fileURLToPath(new URL('fixtures/dying-worker.mjs', import.meta.url)),
    execArgv: ['--conditions=@audio-ssl/source'],
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  }),
}));

test.each([1, 3])(
  'a worker of %i that exits, throws or runs out of memory costs the one clip that did it',
  { timeout: 180_000 }, // each clip that was with it gets a thread of its own
  async (workers) => {
    const root = await temporaryFolder();
    const good = ['a.wav', 'g.wav', 'n.wav', 'z.wav'];
    for (const name of [...good, 'exit.wav', 'throw.wav', 'memory.wav'])
      await put(join(root, name), wav(sine(440, 0.3)));
    const { clips } = await openFolder(root);
    const store = await openLogMels(clips, { workers, memory: 0 });
    onTestFinished(() => store.close());

    // all at once, as batches are made: each worker has several clips waiting when it ends
    const ends = await Promise.allSettled(clips.map((_, index) => store.load(index)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(good.length);

    const { kept, skipped } = await store.prepareAll();
    expect(kept.map((index) => clips[index]!.id)).toEqual(good);
    expect(skipped.map(({ path }) => path)).toEqual(
      ['exit', 'memory', 'throw'].map((name) => join(root, `${name}.wav`)),
    );
    for (const [i, why] of [/exited/, /memory/, /a fault outside/].entries()) {
      expect(skipped[i]!.reason).toMatch(/^its worker thread ended \(/);
      expect(skipped[i]!.reason).toMatch(why);
    }

    const batches = createBatches(store, { batchSize: 8, frames: 16, mean: 0, std: 1, seed: 1 });
    expect(new Set((await batches.at(0)).clips)).toEqual(new Set(kept));
    batches.close();
  },
);
