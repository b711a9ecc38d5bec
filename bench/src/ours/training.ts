import { join } from 'node:path';
import { cacheFolder } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import { randomMask } from '@audio-ssl/masking';
import { initMatpac, makeBatch, schedule, sizes, trainStep, variants, type Size } from '@audio-ssl/matpac';
import { randomStream } from '@audio-ssl/params';
import { steps } from '@audio-ssl/trainer';
import type { Row } from '../row.js';

/**
 * A training as `audio-ssl pretrain` does it: each call makes one step and waits for its figures.
 *
 * @param dataAt gives the log-mels (B, 80, frames) of a step.
 */
export function training(
  { size, batch, precision, implementation, frames = 608 }: Row,
  dataAt: (step: number) => Float32Array | Promise<Float32Array>,
): () => Promise<unknown> {
  const options = { model: sizes[size as Size], ...variants.matpac };
  const eager = trainStep(options);
  const graph = { donate: [0], precision, cacheFolder: join(cacheFolder(), 'graphs') };
  const random = randomStream(0, 'masks');
  const mask = randomMask({ ratio: 0.7 });
  const grid = { freq: 5, time: frames / 16 };
  const run = steps({
    state: initMatpac(options, 0),
    step: implementation === 'eager' ? eager : compile(eager, graph),
    batchAt: async (step) => makeBatch(await dataAt(step), mask(grid, batch, random), options.model, { frames }),
    scalarsAt: schedule(options, 1000).at,
    to: Number.MAX_SAFE_INTEGER,
  });
  return () => run.next();
}
