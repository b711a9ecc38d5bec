import { randomMask } from '@audio-ssl/masking';
import { disposeTree, randomStream } from '@audio-ssl/params';
import { patchGrid } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  initMatpac,
  makeBatch,
  schedule,
  signsOfCollapse,
  trainStep,
  variants,
  type MatpacOptions,
  type ModelOptions,
} from '../src/index.js';

const model: ModelOptions = {
  bins: 80,
  patch: [16, 16],
  encoder: { embedDim: 48, depth: 2, numHeads: 3, mlpRatio: 4 },
  predictor: { embedDim: 32, depth: 1, numHeads: 2, mlpRatio: 4 },
  head: { hiddenDim: 48, bottleneckDim: 16, pseudoClasses: 64 },
};
const frames = 64;
const batchSize = 4;

/** The signs in the last metrics of a short run on noise with a slow hum. */
async function signsAfter(steps: number, options: MatpacOptions): Promise<{ first: string[]; last: string[] }> {
  const update = trainStep(options);
  const { at } = schedule(options, steps);
  const grid = patchGrid(model.bins, frames, model.patch);
  let state = initMatpac(options, 3);
  const found: string[][] = [];
  for (let step = 0; step < steps; step++) {
    const random = randomStream(1, 'clips', step);
    const loud = Array.from({ length: batchSize * model.bins }, () => 2 * random() - 1);
    const data = Float32Array.from(
      { length: batchSize * model.bins * frames },
      (_, i) => loud[Math.floor(i / frames)]! + random() - 0.5,
    );
    const batch = makeBatch(data, randomMask({ ratio: 0.7 })(grid, batchSize, random), model, { frames });
    const { state: next, metrics } = update(state, batch, at(step));
    const names = Object.keys(metrics);
    const values = await Promise.all(names.map(async (name) => (await metrics[name]!.data())[0]!));
    found.push(signsOfCollapse(Object.fromEntries(names.map((name, i) => [name, values[i]!])), options));
    tf.dispose([state, batch, metrics] as unknown as tf.TensorContainer);
    state = next;
  }
  disposeTree(state);
  return { first: found[0]!, last: found.at(-1)! };
}

describe('signsOfCollapse', () => {
  it('names a run that is made to collapse, and nothing in a sound one', { timeout: 300_000 }, async () => {
    const matpac: MatpacOptions = { model, ...variants.matpac };
    const optimizer = { ...matpac.optimizer, learningRate: 1e-2, warmup: 0.1 };
    // The teacher is the student of the step before: nothing keeps it from making every latent the same.
    const copied: MatpacOptions = {
      ...matpac,
      optimizer,
      classification: { ...matpac.classification, weight: 0, observe: false },
      teacher: {
        ...matpac.teacher,
        start: 'student',
        input: 'all',
        update: 'after',
        encoderDecay: { from: 0, to: 0, referenceSteps: null },
      },
    };
    const collapsed = await signsAfter(40, copied);
    expect(collapsed.first).toEqual([]);
    expect(collapsed.last).toContain("the teacher's latents all point one way");
    expect(collapsed.last).toContain("the student's predictions all point one way");
    const sound = await signsAfter(40, { ...matpac, optimizer: { ...optimizer, learningRate: 1e-3 } });
    expect(sound.last).toEqual([]);
  });

  it('names what each figure shows', () => {
    const signs = (metrics: Record<string, number>): string[] =>
      signsOfCollapse(metrics, { model, ...variants.matpac });
    expect(signs({})).toEqual([]);
    expect(
      signs({ 'teacher/spread': 0.1, 'student/spread': 0.05, 'classes/perplexity': 12, 'classes/confidence': 0.3 }),
    ).toEqual([]);
    expect(signs({ 'teacher/spread': 0.0215 })).toEqual(["the teacher's latents all point one way"]); // 0.15 / √48 = 0.0217
    expect(signs({ 'student/spread': 0.001 })).toEqual(["the student's predictions all point one way"]);
    const untrained = { model, ...variants.matpac, prediction: { ...variants.matpac.prediction, weight: 0 } };
    expect(signsOfCollapse({ 'student/spread': 0.001 }, untrained)).toEqual([]);
    expect(signs({ 'classes/perplexity': 1.2 })).toEqual(['one pseudo-class takes nearly all patches']);
    expect(signs({ 'classes/confidence': 1.1 / 64 })).toEqual(['no pseudo-class is preferred for any patch']);
  });

  it('asks less of few pseudo-classes, whose most probable one has much by chance', () => {
    const signs = (pseudoClasses: number, confidence: number): string[] =>
      signsOfCollapse(
        { 'classes/confidence': confidence },
        { model: { ...model, head: { ...model.head, pseudoClasses } }, ...variants.matpac },
      );
    for (const [pseudoClasses, sound] of [
      [2, 0.8],
      [3, 0.6],
      [4, 0.5],
      [2048, 0.01],
    ] as const) {
      expect(signs(pseudoClasses, sound)).toEqual([]);
      expect(signs(pseudoClasses, 1.1 / pseudoClasses)).toEqual(['no pseudo-class is preferred for any patch']);
    }
  });
});
