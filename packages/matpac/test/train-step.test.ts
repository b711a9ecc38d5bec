import { randomMask } from '@audio-ssl/masking';
import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  initMatpac,
  makeBatch,
  schedule,
  trainStep,
  variants,
  type MatpacBatch,
  type MatpacOptions,
  type MatpacState,
} from '../src/index.js';
import { tinyModel } from './tiny-model.js';

const steps = 8;
const frames = 32;

/** Sound-like input: smooth in time, so that masked patches can be predicted from visible ones. */
function batchAt(step: number, options: MatpacOptions): MatpacBatch {
  const { bins } = options.model;
  const data = new Float32Array(4 * bins * frames);
  for (let b = 0; b < 4; b++)
    for (let f = 0; f < bins; f++)
      for (let t = 0; t < frames; t++)
        data[(b * bins + f) * frames + t] = Math.sin(b + f / (2 + b)) + Math.cos(t / (3 + b));
  const mask = randomMask({ ratio: 0.6 })({ freq: bins / 8, time: frames / 8 }, 4, randomStream(3, 'mask', step));
  return makeBatch(data, mask, options.model, { frames });
}

async function run(
  options: MatpacOptions,
  count = steps,
): Promise<{ losses: number[]; state: MatpacState; metrics: Record<string, number> }> {
  const step = trainStep(options);
  const { at } = schedule(options, steps);
  let state = initMatpac(options, 5);
  const losses: number[] = [];
  let metrics: Record<string, number> = {};
  const before = tf.memory().numTensors;
  for (let i = 0; i < count; i++) {
    const batch = batchAt(i, options);
    const result = step(state, batch, at(i));
    disposeTree(state);
    disposeTree(batch);
    metrics = Object.fromEntries(
      await Promise.all(
        Object.entries(result.metrics).map(async ([name, value]) => [name, (await value.data())[0]!] as const),
      ),
    );
    tf.dispose(result.metrics as unknown as tf.TensorContainer);
    state = result.state;
    losses.push(metrics['loss']!);
    expect(tf.memory().numTensors, 'tensors after a step').toBe(before);
  }
  return { losses, state, metrics };
}

const { matpac } = variants;
// A learning rate that shows within 8 steps of a tiny model, and no clipping to hide it.
const fast = { learningRate: 2e-3, warmup: 0.25, clipNorm: 100 };
const quick = (options: Omit<MatpacOptions, 'model'>): MatpacOptions => ({
  model: tinyModel,
  ...options,
  optimizer: { ...options.optimizer, ...fast },
});

const recipes: Record<string, MatpacOptions> = {
  ...Object.fromEntries(Object.entries(variants).map(([name, variant]) => [name, quick(variant)])),
  'mean squared error': quick({ ...matpac, prediction: { ...matpac.prediction, loss: 'mse' } }),
  'smooth L1': quick({ ...matpac, prediction: { ...matpac.prediction, loss: 'smoothL1' } }),
  'centred logits': quick({ ...matpac, classification: { ...matpac.classification, centering: 'logits' } }),
  'centre at once': quick({ ...matpac, classification: { ...matpac.classification, centerUpdate: 'now' } }),
  'no centre': quick({ ...matpac, classification: { ...matpac.classification, centering: 'none' } }),
  Sinkhorn: quick({ ...matpac, classification: { ...matpac.classification, centering: 'sinkhorn' } }),
  'teacher from the student': quick({ ...matpac, teacher: { ...matpac.teacher, start: 'student' } }),
  'teacher of all patches': quick({ ...matpac, teacher: { ...matpac.teacher, input: 'all' } }),
  'average after the step': quick({ ...matpac, teacher: { ...matpac.teacher, update: 'after' } }),
};

describe.each(Object.entries(recipes))('%s', (name, options) => {
  it('trains: the loss falls, the tensor count is constant, the pseudo-classes stay in use', async () => {
    const { losses, state, metrics } = await run(options);
    expect(Math.min(...losses.slice(-3)), `losses ${losses}`).toBeLessThan(losses[0]!);
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    if (options.classification.weight > 0) expect(metrics['classes/perplexity']).toBeGreaterThan(1);
    else expect(state.student.head, `${name} pays for no head`).toBeUndefined();
    disposeTree(state);
  });
});

describe('a run', () => {
  it('is repeated bit for bit', async () => {
    const values = async (): Promise<Float32Array[]> => {
      const { state } = await run(recipes['matpac']!, 3);
      const all = await Promise.all(leaves(state).map(async ([, leaf]) => (await leaf.data()) as Float32Array));
      disposeTree(state);
      return all;
    };
    expect(await values()).toEqual(await values());
  });

  it('starts the teacher as asked', async () => {
    const independent = initMatpac(recipes['matpac']!, 1);
    const copied = initMatpac(recipes['teacher from the student']!, 1);
    const kernel = async (encoder: MatpacState['teacher']['encoder']) => [
      ...(await encoder.blocks[0]!.attn.qkv.kernel.data()),
    ];
    expect(await kernel(independent.teacher.encoder)).not.toEqual(await kernel(independent.student.encoder));
    expect(await kernel(copied.teacher.encoder)).toEqual(await kernel(copied.student.encoder));
    // The authors' heads: equal last layers, different MLPs.
    const { head } = independent.teacher;
    expect(await head!.last_layer.weight_v.data()).toEqual(await independent.student.head!.last_layer.weight_v.data());
    expect(await head!.mlp[0]!.kernel.data()).not.toEqual(await independent.student.head!.mlp[0]!.kernel.data());
  });

  it('leaves a state alone that the seed of another part does not touch', async () => {
    const [full, bare] = [initMatpac(recipes['matpac']!, 9), initMatpac(recipes['predictionOnly']!, 9)];
    expect(await full.student.predictor.embed.kernel.data()).toEqual(await bare.student.predictor.embed.kernel.data());
  });
});

describe('options that cannot train', () => {
  it('are refused', () => {
    const nothing = { ...recipes['predictionOnly']!, prediction: { ...matpac.prediction, weight: 0 } };
    expect(() => trainStep(nothing)).toThrow(
      'trainStep: prediction.weight: expected a weight above 0 here or in classification.weight, got 0 in both',
    );
    const odd = {
      ...recipes['matpacPlusPlus']!,
      prediction: { ...variants.matpacPlusPlus.prediction, loss: 'mse' as const },
    };
    expect(() => trainStep(odd)).toThrow(
      'trainStep: prediction.loss: expected cosine with prediction.hypotheses, got mse',
    );
    expect(() => schedule(recipes['matpac']!, 0)).toThrow('expected steps of 1 or more, got 0');
  });

  it('include batches of another grid', () => {
    const { model } = recipes['matpac']!;
    const mask = { visible: Int32Array.of(0), masked: Int32Array.of(20), batch: 1 };
    expect(() => makeBatch(new Float32Array(16 * 32), mask, model, { frames: 32 })).toThrow(
      'index 20 is outside 0..7 (grid 2x4)',
    );
    expect(() => makeBatch(new Float32Array(3), mask, model, { frames: 32 })).toThrow(
      'expected 1 spectrograms of 16 x 32, got 3 values',
    );
  });
});
