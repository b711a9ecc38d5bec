/**
 * One training step, eager against compiled, in turn on the same machine: medians and their ratio.
 *
 *     node --import tsx --conditions=@audio-ssl/source bench/src/step.ts
 */
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
  type MatpacStep,
} from '@audio-ssl/matpac';
import { disposeTree, randomStream } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

const [batchSize, frames, steps] = [32, 192, 12];
const options = { model: sizes.demo, ...variants.matpac };

type Step = (state: MatpacState, batch: MatpacBatch, scalars: MatpacScalars<tf.Scalar>) => ReturnType<MatpacStep>;

async function secondsOf(step: Step, state: MatpacState, at: number): Promise<{ seconds: number; state: MatpacState }> {
  const random = randomStream(0, 'batch', at);
  const data = Float32Array.from({ length: batchSize * 80 * frames }, () => 2 * random() - 1);
  const mask = randomMask({ ratio: 0.7 })({ freq: 5, time: frames / 16 }, batchSize, random);
  const batch = makeBatch(data, mask, options.model, { frames });
  const entries = Object.entries(schedule(options, 1000).at(at)).map(
    ([name, value]) => [name, tf.scalar(value)] as const,
  );
  const scalars = Object.fromEntries(entries) as MatpacScalars<tf.Scalar>;
  const began = performance.now();
  const result = step(state, batch, scalars);
  await result.metrics['loss']!.data();
  const seconds = (performance.now() - began) / 1000;
  for (const tree of [state, batch, scalars, result.metrics]) disposeTree(tree);
  return { seconds, state: result.state };
}

const { name } = await startBackend();
const eager: Step = (state, batch, scalars) => trainStep(options)(state, batch, scalars);
const runs = {
  eager: { step: eager, state: initMatpac(options, 0), seconds: [] as number[] },
  compiled: { step: compile(eager), state: initMatpac(options, 0), seconds: [] as number[] },
};
for (let at = 0; at < steps; at++) {
  for (const run of Object.values(runs)) {
    const { seconds, state } = await secondsOf(run.step, run.state, at);
    run.state = state;
    if (at >= 4) run.seconds.push(seconds); // the first ones trace and optimise
  }
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const [e, c] = [median(runs.eager.seconds), median(runs.compiled.seconds)];
console.log(
  `step, preset demo, batch ${batchSize}, ${frames} frames, ${name}: eager ${(1000 * e).toFixed(0)} ms, compiled ${(1000 * c).toFixed(0)} ms, ratio ${(c / e).toFixed(2)}`,
);
