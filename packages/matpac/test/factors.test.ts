import { createMask, type MaskOptions } from '@audio-ssl/masking';
import { disposeTree, normal, randomStream } from '@audio-ssl/params';
import { patchGrid } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  factors,
  initMatpac,
  makeBatch,
  matpacLoss,
  schedule,
  sizes,
  teacherTargets,
  trainStep,
  variants,
  withSettings,
  type Factor,
  type MatpacOptions,
  type MatpacState,
  type Setting,
  type Student,
} from '../src/index.js';
import { tinyModel } from './tiny-model.js';

const [clips, bins, frames] = [2, 24, 32];
const grid = patchGrid(bins, frames, tinyModel.patch); // 3 x 4: the least that holds the 3 x 3 blocks of the masks
const depth = 3; // of the head, given explicitly so that the level 3 is recognised as unchanged
// The first steps of a run of 30, whose warm-up of 10 in 300 epochs is one step, and of 20 two.
const [done, steps] = [4, 30];

const masking = { strategy: 'random', ratio: 0.7 } as const;

/** The authors' recipe at a size, a learning rate and decays that show within a few steps. */
const base: MatpacOptions & { readonly masking: MaskOptions } = {
  model: { ...tinyModel, bins, head: { ...tinyModel.head, depth } },
  ...withSettings(variants.matpac, {
    optimizer: { learningRate: 2e-3, warmup: 1 / 30, clipNorm: 100 },
    teacher: { encoderDecay: { referenceSteps: 100 * steps }, headDecay: { referenceSteps: 100 * steps } },
  }),
  masking,
};

/** Sound-like input: smooth in time, so that masked patches can be predicted from visible ones. */
const sounds = Float32Array.from({ length: clips * bins * frames }, (_, i) => {
  const [b, f, t] = [Math.floor(i / (bins * frames)), Math.floor(i / frames) % bins, i % frames];
  return Math.sin(b + f / (2 + b)) + Math.cos(t / (3 + b));
});

/**
 * A few steps on one batch: the loss of each, and how far the student came against the teacher that it started with. (The
 * losses themselves may rise: the targets move, and the entropy of the teacher's distribution with its temperature.)
 */
async function train(options: typeof base): Promise<{ losses: number[]; before: number; after: number }> {
  const step = trainStep(options);
  const { at } = schedule(options, steps);
  const mask = createMask(options.masking)(grid, clips, randomStream(3, 'mask'));
  const batch = makeBatch(sounds, mask, options.model, { frames });
  let state = withUsedNorm(initMatpac(options, 5));
  const targets = teacherTargets(state, batch, at(0), options);
  const distance = async (student: Student): Promise<number> => {
    const result = matpacLoss(student, batch, targets, at(0), options);
    const [loss] = await result.value.data();
    tf.dispose([result.value, { ...result.aux }]);
    return loss!;
  };
  const before = await distance(state.student);
  const losses: number[] = [];
  for (let i = 0; i < done; i++) {
    const next = step(state, batch, at(i));
    losses.push((await next.metrics['loss']!.data())[0]!);
    disposeTree(state);
    tf.dispose({ ...next.metrics });
    state = next.state;
  }
  const after = await distance(state.student);
  disposeTree(state);
  disposeTree(batch);
  tf.dispose({ ...targets });
  return { losses, before, after };
}

/** A teacher whose last norm has moved: that of a new one standardises its tokens already. */
function withUsedNorm(state: MatpacState): MatpacState {
  const { norm } = state.teacher.encoder;
  const bias = normal(norm.bias.shape, 0.3, randomStream(5, 'norm'));
  norm.bias.dispose();
  return {
    ...state,
    teacher: { ...state.teacher, encoder: { ...state.teacher.encoder, norm: { ...norm, bias } } },
  };
}

const paperSizes = withSettings({ model: sizes.base }, { model: { head: { depth } } }).model;
const unchanged = train(base);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe.each(Object.entries<Factor>(factors))('%s', (name, { title, source, reference, levels }) => {
  it('has a title and a source', () => {
    expect(title).toMatch(/^[\w"]/);
    expect(source).toMatch(/MATPAC|authors|arXiv/);
  });

  const changed = Object.entries<Setting>(levels).filter(([, setting]) => !same(withSettings(base, setting), base));

  it.each(changed)('%s trains, and makes a difference', async (_, setting) => {
    const { losses, before, after } = await train(withSettings(base, setting));
    expect(after).toBeLessThan(before);
    expect(losses).not.toEqual((await unchanged).losses);
  });

  it('names the level of the authors', () => {
    const recipe = { model: paperSizes, ...variants[name === 'annealing' ? 'matpacPlusPlus' : 'matpac'] };
    const setting = levels[reference];
    expect(setting, `level ${reference}`).toBeDefined();
    expect(withSettings({ ...recipe, masking }, setting!)).toEqual({ ...recipe, masking });
  });
});

describe('withSettings', () => {
  it('replaces what a setting names and nothing else', () => {
    const options = { a: { b: 1, c: [1, 2], d: null }, e: 2 } as const;
    const over = { a: { c: [3], d: { x: 1 } } } as unknown as Setting;
    expect(withSettings(options, over)).toEqual({ a: { b: 1, c: [3], d: { x: 1 } }, e: 2 });
    expect(options.a.c).toEqual([1, 2]);
  });
});
