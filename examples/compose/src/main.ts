/**
 * Trains one of the methods, or each of them, for a few steps on the shipped instrument notes:
 *
 *     npm run compose                # all four
 *     npm run compose -- ibot 200    # one of them, this many steps
 */
import { startBackend } from '@audio-ssl/backend';
import { createBatches, logMelStatistics, openLogMels, openNsynth } from '@audio-ssl/datasets';
import { adamWCorrections, linear, warmupCosine } from '@audio-ssl/optim';
import { disposeTree, randomStream, type TensorTree } from '@audio-ssl/params';
import { patchGrid } from '@audio-ssl/vit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data2vec, ibot, iJepa, m2d, makeBatch, type Method, type Sizes } from './index.js';

const sizes: Sizes = {
  bins: 80,
  patch: [16, 16],
  encoder: { embedDim: 64, depth: 3, numHeads: 4 },
  predictor: { embedDim: 32, depth: 2, numHeads: 4 },
  head: { hiddenDim: 64, bottleneckDim: 32, pseudoClasses: 128 },
};
const methods = {
  m2d: (data: Data) => train('m2d', m2d(sizes), data),
  'i-jepa': (data: Data) => train('i-jepa', iJepa(sizes), data),
  data2vec: (data: Data) => train('data2vec', data2vec(sizes), data),
  ibot: (data: Data) => train('ibot', ibot(sizes), data),
};
const [batchSize, frames, seed] = [16, 96, 0];
const grid = patchGrid(sizes.bins, frames, sizes.patch);

const [asked, count = '60'] = process.argv.slice(2);
const names = Object.keys(methods) as (keyof typeof methods)[];
const steps = Number(count);
if ((asked !== undefined && !names.includes(asked as keyof typeof methods)) || !(steps >= 1)) {
  console.error(`expected one of ${names.join(', ')} and a number of steps, got ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}

const { name: backend } = await startBackend();
console.log(`${steps} steps of ${batchSize} crops on ${backend}`);
const cacheDir = await mkdtemp(join(tmpdir(), 'compose-'));
const { clips } = await openNsynth(fileURLToPath(new URL('../../matpac/data', import.meta.url)), {
  label: 'instrument_family_str',
  group: 'instrument_str',
});
const store = await openLogMels(clips, { cacheDir, workers: 2 });
try {
  const { kept } = await store.prepareAll({});
  const { mean, std } = await logMelStatistics(store, kept);
  for (const name of names) if (asked === undefined || asked === name) await methods[name]({ kept, mean, std });
} finally {
  await store.close();
  await rm(cacheDir, { recursive: true });
}

interface Data {
  readonly kept: readonly number[];
  readonly mean: number;
  readonly std: number;
}

async function train<State extends TensorTree>(
  name: string,
  { init, step: update, mask, views }: Method<State>,
  { kept: indices, mean, std }: Data,
): Promise<void> {
  const batches = createBatches(store, { indices, batchSize, frames: frames * views, mean, std, seed });
  const learningRate = warmupCosine({ peak: 1e-3, warmup: Math.ceil(steps / 10), total: steps, init: 0, end: 0 });
  const decay = linear({ from: 0.996, to: 1, steps });
  let state = init(randomStream(seed, 'weights'));
  for (let step = 0; step < steps; step++) {
    const crops = (await batches.at(step)).data;
    const masks = mask(grid, batchSize * views, randomStream(seed, 'mask', step));
    const batch = makeBatch(views === 2 ? halves(crops) : crops, masks, sizes);
    const next = update(state, batch, {
      learningRate: learningRate(step),
      decay: decay(step),
      ...adamWCorrections(step),
    });
    const [loss] = await next.loss.data();
    if (step % Math.ceil(steps / 6) === 0 || step === steps - 1) {
      console.log(`${name.padEnd(9)} step ${String(step + 1).padStart(4)}  loss ${loss!.toFixed(4)}`);
    }
    disposeTree([state, batch, next.loss]);
    state = next.state;
  }
  disposeTree(state);
  batches.close();
}

/** The first halves of all crops and then the second ones: two views of each clip. */
function halves(crops: Float32Array): Float32Array {
  const rows = batchSize * sizes.bins;
  const views = new Float32Array(crops.length);
  for (let row = 0; row < rows; row++) {
    for (const view of [0, 1]) {
      const from = (2 * row + view) * frames;
      views.set(crops.subarray(from, from + frames), (view * rows + row) * frames);
    }
  }
  return views;
}
