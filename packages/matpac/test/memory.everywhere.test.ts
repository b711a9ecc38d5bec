import { randomMask } from '@audio-ssl/masking';
import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { expectClose, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initMatpac, makeBatch, schedule, trainStep, variants, type MatpacOptions } from '../src/index.js';
import { tinyModel } from './tiny-model.js';

const frames = 32;
const { bins } = tinyModel;
const options: MatpacOptions = { model: tinyModel, ...variants.matpac };

function oneStep(memory: MatpacOptions['memory']): ReturnType<ReturnType<typeof trainStep>> {
  const random = seeded(2);
  const data = Float32Array.from({ length: 4 * bins * frames }, () => 2 * random() - 1);
  const mask = randomMask({ ratio: 0.6 })({ freq: bins / 8, time: frames / 8 }, 4, randomStream(3, 'mask'));
  const batch = makeBatch(data, mask, tinyModel, { frames });
  const state = initMatpac(options, 5);
  const result = trainStep({ ...options, memory })(state, batch, schedule(options, 8).at(3));
  disposeTree(batch);
  disposeTree(state);
  return result;
}

describe('memory options', () => {
  it.each([
    // The same operations on the same numbers, a second time.
    { name: 'recomputation', memory: { remat: true, accumulation: 1 }, absolute: 1e-7 },
    // The mean of two means instead of one: float32 rounding, which AdamW's division by a small root enlarges.
    { name: 'accumulation', memory: { remat: false, accumulation: 2 }, absolute: 2e-6 },
    { name: 'both', memory: { remat: true, accumulation: 4 }, absolute: 2e-6 },
  ])('$name makes the same step', async ({ memory, absolute }) => {
    const expected = oneStep(undefined);
    const before = tf.memory().numTensors;
    const actual = oneStep(memory);
    const made = leaves(actual.state).length + Object.keys(actual.metrics).length;
    expect(tf.memory().numTensors - before).toBe(made);
    const wanted = new Map(leaves(expected.state));
    for (const [path, leaf] of leaves(actual.state)) await expectClose(leaf, wanted.get(path)!, { absolute });
    for (const name of ['loss', 'loss/prediction', 'loss/classification', 'gradient/norm']) {
      await expectClose(actual.metrics[name]!, expected.metrics[name]!, { absolute: 1e-5 });
    }
  });

  it('refuses parts that do not divide the batch', () => {
    expect(() => oneStep({ remat: false, accumulation: 3 })).toThrow(
      'a batch of 4 does not divide into 3 parts; choose memory.accumulation as a divisor of the batch',
    );
  });
});
