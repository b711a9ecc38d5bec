import { startBackend } from '@audio-ssl/backend';
import { createBatches, logMelStatistics, openEsc50, openLogMels } from '@audio-ssl/datasets';
import { logMelPresets } from '@audio-ssl/audio-frontend';
import { initMatpac, makeBatch, schedule, trainStep, sizes, variants } from '@audio-ssl/matpac';
import { randomMask } from '@audio-ssl/masking';
import { randomStream, disposeTree, leaves, fromTensors, writeSafetensors, readSafetensors, mapTree, toTensor } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readFileSync, writeFileSync, renameSync, appendFileSync } from 'node:fs';
const b = await startBackend({}); console.log(b.name);
const steps = Number(process.argv[2]); const out = process.argv[3]!;
const v = variants.matpac;
const options = { model: sizes.demo, ...v,
  teacher: { ...v.teacher, update: 'after' as const, encoderDecay: { from: 0.997, to: 0.9994 }, headDecay: { from: 0.98, to: 1 }, referenceSteps: null },
  optimizer: { ...v.optimizer, learningRate: 1e-3, warmup: 0.08 } };
const seed = 0, frames = 208, batchSize = 32, timeOffset = 18;
const dataset = await openEsc50('/work/shared/data/esc50');
const store = await openLogMels(dataset.clips, { logMel: logMelPresets.matpac, cacheDir: '/work/esc/cache', workers: 2 } as any);
const { kept } = await (store as any).prepareAll({ onProgress: () => {} });
const { mean, std } = await logMelStatistics(store, kept); console.log(kept.length, mean, std);
const batches = createBatches(store, { indices: kept, batchSize, frames, mean, std, seed, maxSilence: 0.5 });
const grid = { freq: 5, time: 13 }; const mask = randomMask({ ratio: 0.7 });
let state: any = initMatpac(options, seed); let start = 0;
const ck = `${out}/state.safetensors`;
if (existsSync(ck)) { const { tensors, metadata } = readSafetensors(readFileSync(ck)); const fresh = state; state = mapTree(fresh, (_: any, p: string) => toTensor(tensors.get(p)!)); disposeTree(fresh); start = Number(metadata.step); console.log('resume', start); }
const step = trainStep(options); const { at } = schedule(options, steps);
const save = async (i: number) => { writeFileSync(ck + '.tmp', writeSafetensors(await fromTensors(leaves(state)), { step: String(i) })); renameSync(ck + '.tmp', ck); };
for (let i = start; i < steps; i++) {
  const t = performance.now();
  const { data } = await batches.at(i);
  const offset = Math.floor(randomStream(seed, 'time offset', i)() * (timeOffset + 1));
  const batch = makeBatch(data, mask(grid, batchSize, randomStream(seed, 'mask', i)), options.model, { frames, timeOffset: offset });
  const r = step(state, batch, at(i));
  disposeTree(state); disposeTree(batch as any); state = r.state;
  const m: any = { step: i }; for (const [k, x] of Object.entries(r.metrics)) { m[k] = (await (x as any).data())[0]; (x as any).dispose(); }
  m.seconds = (performance.now() - t) / 1000; appendFileSync(`${out}/log.jsonl`, JSON.stringify(m) + '\n');
  if (i % 50 === 0) console.log(i, m.loss.toFixed(4), m['loss/prediction'].toFixed(4), m['classes/perplexity'].toFixed(1), m.seconds.toFixed(2), tf.memory().numTensors);
  if ((i + 1) % 250 === 0) await save(i + 1);
}
await save(steps); await store.close(); console.log('done');
