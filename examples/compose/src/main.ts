/**
 * Trains one of the methods, or each of them, for a few steps on the shipped instrument notes:
 *
 *     npm run compose                # all four
 *     npm run compose -- ibot 200    # one of them, this many steps
 */
import { startBackend } from '@audio-ssl/backend';
import { createBatches, logMelStatistics, openLogMels, openNsynth, type Piece } from '@audio-ssl/datasets';
import type { Method } from '@audio-ssl/experiment';
import { disposeTree, randomStream, type TensorTree } from '@audio-ssl/params';
import { steps } from '@audio-ssl/trainer';
import { maskedBatch, patchGrid, type MaskedBatch } from '@audio-ssl/vit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data2vec, ibot, iJepa, m2d, type Scalars, type Sizes } from './index.js';

const sizes: Sizes = {
  bins: 80,
  patch: [16, 16],
  encoder: { embedDim: 64, depth: 3, numHeads: 4 },
  predictor: { embedDim: 32, depth: 2, numHeads: 4 },
  head: { hiddenDim: 64, bottleneckDim: 32, pseudoClasses: 128 },
};
const methods = {
  m2d: (data: Data) => train(m2d(sizes), data),
  'i-jepa': (data: Data) => train(iJepa(sizes), data),
  data2vec: (data: Data) => train(data2vec(sizes), data),
  ibot: (data: Data) => train(ibot(sizes), data),
};
const [batchSize, frames, seed] = [16, 96, 0];
const { bins, patch } = sizes;
const grid = patchGrid(bins, frames, patch);

const [asked, given = '60'] = process.argv.slice(2);
const names = Object.keys(methods) as (keyof typeof methods)[];
const count = Number(given);
if (
  (asked !== undefined && !names.includes(asked as keyof typeof methods)) ||
  !(Number.isInteger(count) && count >= 1)
) {
  console.error(`expected one of ${names.join(', ')} and a number of steps, got ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}

const { name: backend } = await startBackend();
console.log(`${count} steps of ${batchSize} crops on ${backend}`);
const cacheDir = await mkdtemp(join(tmpdir(), 'compose-'));
const { clips } = await openNsynth(fileURLToPath(new URL('../../matpac/data', import.meta.url)), {
  label: 'instrument_family_str',
  group: 'instrument_str',
});
const store = await openLogMels(clips, { cacheDir, workers: 2 });
try {
  const { pieces } = await store.prepareAll({});
  const { mean, std } = await logMelStatistics(store, pieces);
  for (const name of names) if (asked === undefined || asked === name) await methods[name]({ pieces, mean, std });
} finally {
  await store.close();
  await rm(cacheDir, { recursive: true });
}

interface Data {
  readonly pieces: readonly Piece[];
  readonly mean: number;
  readonly std: number;
}

async function train<State extends TensorTree>(
  { name, init, step, mask, views, scalarsAt }: Method<State, MaskedBatch, Scalars>,
  { pieces, mean, std }: Data,
): Promise<void> {
  const batches = createBatches(store, { pieces, batchSize, frames: frames * views, mean, std, seed });
  const run = steps({
    state: init(seed),
    step,
    batchAt: async (at) => {
      const { data } = await batches.at(at);
      const masks = mask(grid, batchSize * views, randomStream(seed, 'mask', at));
      return maskedBatch(views === 2 ? halves(data) : data, masks, { bins, frames, patch });
    },
    scalarsAt: (at) => scalarsAt(at, count),
    to: count,
  });
  for await (const { step: done, state, metrics } of run) {
    if ((done - 1) % Math.ceil(count / 6) === 0 || done === count) {
      console.log(`${name.padEnd(9)} step ${String(done).padStart(4)}  loss ${metrics['loss']!.toFixed(4)}`);
    }
    if (done === count) disposeTree(state);
  }
  batches.close();
}

/** The first halves of all crops and then the second ones: two views of each clip. */
function halves(crops: Float32Array): Float32Array {
  const rows = batchSize * bins;
  const views = new Float32Array(crops.length);
  for (let row = 0; row < rows; row++) {
    for (const view of [0, 1]) {
      const from = (2 * row + view) * frames;
      views.set(crops.subarray(from, from + frames), (view * rows + row) * frames);
    }
  }
  return views;
}
