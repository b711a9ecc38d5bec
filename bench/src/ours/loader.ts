/** The step with batches of the shipped notes, read ahead of it from cached log-mels; or the same step on one batch. */
import { fileURLToPath } from 'node:url';
import { startBackend } from '@audio-ssl/backend';
import { createBatches, openLogMels, openNsynth } from '@audio-ssl/datasets';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from './serve.js';
import { training } from './training.js';

const notes = fileURLToPath(new URL('../../../examples/matpac/data', import.meta.url));

await serve(async (row) => {
  await startBackend();
  const { clips } = await openNsynth(notes);
  const store = await openLogMels(clips, { cacheDir: mkdtempSync(join(tmpdir(), 'audio-ssl-bench-')), workers: 2 });
  const { pieces } = await store.prepareAll();
  const batches = createBatches(store, {
    pieces,
    batchSize: row.batch,
    frames: row.frames!,
    mean: -7.056,
    std: 4.193,
    seed: 0,
  });
  const { data } = await batches.at(0);
  return training(row, async (step) =>
    row.implementation === 'step alone' ? data.slice() : (await batches.at(step + 1)).data,
  );
});
