import { join } from 'node:path';
import { cacheFolder } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import { randomMask } from '@audio-ssl/masking';
import {
  initMatpac,
  makeBatch,
  schedule,
  sizes,
  trainStep,
  variants,
  type MatpacScalars,
  type MatpacStep,
  type Size,
} from '@audio-ssl/matpac';
import { disposeTree, randomStream } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import type { Row } from '../implementation.js';

/** A training as `audio-ssl pretrain` does it: one step on log-mels (B, 80, frames). */
export function training(row: Row): (data: Float32Array) => Promise<number> {
  const { batch: clips, precision, frames = 608 } = row;
  const options = { model: sizes[row.size as Size], ...variants.matpac };
  const step = trainStep(options);
  const run: MatpacStep = (state, batch, scalars) => step(state, batch, scalars);
  const call =
    row.implementation === 'eager'
      ? run
      : (compile(run as never, {
          donate: [0],
          precision,
          cacheFolder: join(cacheFolder(), 'graphs'),
        }) as unknown as MatpacStep);
  const curves = schedule(options, 1000);
  const random = randomStream(0, 'masks');
  const grid = { freq: 5, time: frames / 16 };
  let state = initMatpac(options, 0);
  let at = 0;
  return async (data) => {
    const mask = randomMask({ ratio: 0.7 })(grid, clips, random);
    const batch = makeBatch(data, mask, options.model, { frames });
    const entries = Object.entries(curves.at(at++)).map(([name, value]) => [name, tf.scalar(value)] as const);
    const scalars = Object.fromEntries(entries) as MatpacScalars<tf.Scalar>;
    const result = call(state, batch, scalars);
    const [loss] = await result.metrics['loss']!.data();
    for (const tree of [state, batch, scalars, result.metrics]) disposeTree(tree);
    state = result.state;
    return loss!;
  };
}
