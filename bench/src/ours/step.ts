/** One training step of MATPAC, `eager` or `compiled`. */
import { startBackend } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import { randomMask } from '@audio-ssl/masking';
import {
  initMatpac,
  makeBatch,
  schedule,
  sizes,
  trainStep,
  variants,
  type MatpacBatch,
  type MatpacScalars,
  type MatpacState,
  type Size,
} from '@audio-ssl/matpac';
import { disposeTree, randomStream } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { serve } from './serve.js';

export interface StepSpec {
  readonly implementation: 'eager' | 'compiled';
  readonly size: Size;
  readonly batch: number;
  readonly frames: number;
  readonly precision: 'float32' | 'bf16';
}

await serve(async (spec: StepSpec) => {
  await startBackend();
  const options = { model: sizes[spec.size], ...variants.matpac };
  const step = trainStep(options);
  const run = (state: MatpacState, batch: MatpacBatch, scalars: MatpacScalars<tf.Scalar>) => step(state, batch, scalars);
  const call = spec.implementation === 'compiled' ? compile(run, { donate: [0] }) : run;
  const curves = schedule(options, 1000);
  const grid = { freq: 5, time: spec.frames / 16 };
  const random = randomStream(0, 'batch');
  const data = Float32Array.from({ length: spec.batch * 80 * spec.frames }, () => 2 * random() - 1);
  let state = initMatpac(options, 0);
  let at = 0;
  return async () => {
    const mask = randomMask({ ratio: 0.7 })(grid, spec.batch, random);
    const batch = makeBatch(data.slice(), mask, options.model, { frames: spec.frames });
    const scalars = Object.fromEntries(
      Object.entries(curves.at(at++)).map(([name, value]) => [name, tf.scalar(value)]),
    ) as MatpacScalars<tf.Scalar>;
    const result = call(state, batch, scalars);
    const [loss] = await result.metrics['loss']!.data();
    for (const tree of [state, batch, scalars, result.metrics]) disposeTree(tree);
    state = result.state;
    return loss!;
  };
});
