import { cloneTree, disposeTree, leaves } from '@audio-ssl/params';
import { expectClose, expectNoLeak, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamW, initMoments, linear, type AdamWOptions } from '../src/index.js';

const shapes: Readonly<Record<string, number[]>> = {
  'layer.kernel': [3, 4],
  'layer.bias': [4],
  gain: [4],
  head: [2, 1],
};
const names = Object.keys(shapes);
const size = (name: string): number => shapes[name]!.reduce((a, b) => a * b, 1);

type Params = {
  readonly layer: { readonly kernel: tf.Tensor; readonly bias: tf.Tensor };
  readonly gain: tf.Tensor;
  readonly head: tf.Tensor;
};
type Values = Record<string, number[]>;

const draw = (random: () => number, scale: number): Values =>
  Object.fromEntries(names.map((name) => [name, Array.from({ length: size(name) }, () => scale * (2 * random() - 1))]));
const tree = (values: Values): Params => {
  const leaf = (name: string): tf.Tensor => tf.tensor(values[name]!, shapes[name]!, 'float32');
  return { layer: { kernel: leaf('layer.kernel'), bias: leaf('layer.bias') }, gain: leaf('gain'), head: leaf('head') };
};

/** AdamW in double precision, element by element, from the two papers' formulas. */
function oracle(
  steps: readonly Values[],
  start: Values,
  rate: (step: number) => number,
  { beta1, beta2, epsilon, weightDecay, epsilonPlacement }: Required<Omit<AdamWOptions, 'decay'>>,
  decays: (name: string) => boolean,
): Values {
  const result: Values = {};
  for (const name of names) {
    result[name] = start[name]!.map((initial, i) => {
      let [p, m, v] = [initial, 0, 0];
      steps.forEach((grads, step) => {
        const g = grads[name]![i]!;
        const lr = rate(step);
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        if (decays(name)) p = p - lr * weightDecay * p;
        const c1 = 1 - Math.pow(beta1, step + 1);
        const c2 = 1 - Math.pow(beta2, step + 1);
        if (epsilonPlacement === 'corrected') p -= (lr * (m / c1)) / (Math.sqrt(v / c2) + epsilon);
        else p -= (((lr * Math.sqrt(c2)) / c1) * m) / (Math.sqrt(v) + epsilon);
      });
      return p;
    });
  }
  return result;
}

const every = { beta1: 0.9, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.5 } as const;
const rate = linear({ from: 0, to: 0.1, steps: 4 });

describe('adamW', () => {
  it.each([
    ['uncorrected', 'all', 'number'],
    ['uncorrected', 'all', 'tensor'],
    ['uncorrected', 'matrices', 'number'],
    ['corrected', 'all', 'number'],
    ['corrected', 'all', 'tensor'],
  ] as const)(
    'agrees with the formulas over 8 updates: epsilon %s, decay %s, scalars as %s',
    async (placement, decay, kind) => {
      const random = seeded(3);
      const start = draw(random, 1);
      const steps = Array.from({ length: 8 }, () => draw(random, 0.02)); // small enough for epsilon to show
      const options = { ...every, epsilonPlacement: placement, decay };
      let params = tree(start);
      let moments = initMoments(params);
      for (const [step, values] of steps.entries()) {
        const next = tf.tidy(() => {
          const scalars =
            kind === 'number'
              ? { learningRate: rate(step), step }
              : { learningRate: tf.scalar(rate(step)), step: tf.scalar(step) };
          return adamW(params, tree(values), moments, scalars, options);
        });
        disposeTree({ params, moments });
        ({ params, moments } = next);
      }
      const expected = oracle(
        steps,
        start,
        rate,
        options,
        (name) => decay === 'all' || name === 'layer.kernel' || name === 'head',
      );
      // Eight float32 updates of values of order 1.
      for (const [name, leaf] of leaves(params)) await expectClose(leaf, expected[name]!, { absolute: 2e-6 });
      disposeTree({ params, moments });
    },
  );

  it('tells the two placements of epsilon apart', async () => {
    const gradient = tf.tensor([1e-3]);
    const params = { w: tf.tensor([0]) };
    const moments = initMoments(params);
    const scalars = { learningRate: 1, step: 0 };
    const after = async (epsilonPlacement: 'corrected' | 'uncorrected'): Promise<number> =>
      (
        await adamW(params, { w: gradient }, moments, scalars, {
          beta2: 0.95,
          epsilon: 1e-3,
          epsilonPlacement,
        }).params.w.data()
      )[0]!;
    // First update: m / c1 = g and v / c2 = g², so |g| / (|g| + epsilon) = 1/2, or with epsilon / √0.05 instead.
    expect(await after('corrected')).toBeCloseTo(-0.5, 5);
    expect(await after('uncorrected')).toBeCloseTo(-1 / (1 + 1 / Math.sqrt(0.05)), 5);
  });

  it('leaves a parameter without a gradient as it is, with its decay and its moments', async () => {
    const params = { used: tf.tensor([1, 2]), unused: tf.tensor([3, 4]) };
    const moments = {
      first: { used: tf.tensor([0, 0]), unused: tf.tensor([0.5, 0.25]) },
      second: { used: tf.tensor([0, 0]), unused: tf.tensor([0.125, 1]) },
    };
    const scalars = { learningRate: 0.5, step: 7 };
    const next = adamW(params, { used: tf.tensor([1, -1]), unused: null }, moments, scalars, {
      weightDecay: 0.5,
      decay: 'all',
    });
    disposeTree({ params, moments }); // the new trees must stand without the old ones
    expect([...(await next.params.unused.data())]).toEqual([3, 4]);
    expect([...(await next.moments.first.unused.data())]).toEqual([0.5, 0.25]);
    expect([...(await next.moments.second.unused.data())]).toEqual([0.125, 1]);
    expect((await next.params.used.data())[0]).toBeLessThan(0.75);
    disposeTree(next);
  });

  it('decays the leaves that a function of path and shape names', async () => {
    const params = { a: { kernel: tf.ones([2, 2]) }, b: { kernel: tf.ones([2, 2]) } };
    const seen: [string, readonly number[]][] = [];
    const grads = { a: { kernel: tf.zeros([2, 2]) }, b: { kernel: tf.zeros([2, 2]) } };
    const { params: next } = adamW(
      params,
      grads,
      initMoments(params),
      { learningRate: 0.5, step: 0 },
      {
        weightDecay: 0.5,
        decay: (path, shape) => {
          seen.push([path, shape]);
          return path.startsWith('b');
        },
      },
    );
    expect(seen).toEqual([
      ['a.kernel', [2, 2]],
      ['b.kernel', [2, 2]],
    ]);
    await expectClose(next.a.kernel, [1, 1, 1, 1], {});
    await expectClose(next.b.kernel, [0.75, 0.75, 0.75, 0.75], { absolute: 1e-7 });
  });

  it('leaks nothing and leaves its arguments alone', async () => {
    const random = seeded(5);
    const params = tree(draw(random, 1));
    const grads = tree(draw(random, 1));
    const moments = initMoments(params);
    const copy = cloneTree(params);
    const scalars = { learningRate: 0.1, step: 0 };
    await expectNoLeak(() => {
      const next = adamW(params, grads, moments, scalars);
      return [...leaves(next.params), ...leaves(next.moments)].map(([, leaf]) => leaf);
    });
    for (const [i, [, leaf]] of leaves(params).entries()) await expectClose(leaf, leaves(copy)[i]![1], {});
  });

  it('refuses trees that do not fit, no gradient at all, and options out of range', () => {
    const params = { w: tf.ones([2]), b: tf.ones([1]) };
    const moments = initMoments(params);
    const scalars = { learningRate: 0.1, step: 0 };
    const grads = { w: tf.ones([2]), b: tf.ones([1]) };
    expect(() => adamW(params, { w: tf.ones([2]) } as typeof grads, moments, scalars)).toThrow(
      "'b' is in one tree and not in the other",
    );
    expect(() => adamW(params, { ...grads, w: tf.ones([1]) }, moments, scalars)).toThrow(
      "the gradient of 'w' to have the parameter's shape [2], got [1]",
    );
    expect(() => adamW(params, { w: null, b: null }, moments, scalars)).toThrow('expected at least one gradient');
    expect(() => adamW(params, grads, moments, scalars, { beta1: 1 })).toThrow(
      'adamW: expected beta1 in [0, 1), got 1',
    );
    expect(() => adamW(params, grads, moments, scalars, { epsilon: 0 })).toThrow('epsilon above 0, got 0');
    expect(() => adamW(params, grads, moments, scalars, { decay: 'matrix' as 'all' })).toThrow(
      "'matrices' or a function, got matrix",
    );
    for (const step of [-1, 0.5, NaN]) {
      expect(() => adamW(params, grads, moments, { learningRate: 0.1, step })).toThrow(
        `adamW: expected a step of 0 or more, got ${step}; the first update is step 0`,
      );
    }
    expect(() => initMoments({})).toThrow('at least one tensor');
  });
});

/** The change of a parameter by one update when moments and gradient are 1. */
async function change(step: number | tf.Scalar, options: AdamWOptions): Promise<number> {
  const params = { w: tf.tensor1d([0]) };
  const { params: next } = adamW(
    params,
    { w: tf.tensor1d([1]) },
    { first: { w: tf.tensor1d([1]) }, second: { w: tf.tensor1d([1]) } },
    { learningRate: 1, step },
    { ...options, weightDecay: 0 },
  );
  return (await next.w.data())[0]!;
}

describe('the bias corrections of adamW', () => {
  // Every step to 100, then ever fewer to a million.
  const steps = [...Array(101).keys(), ...Array.from({ length: 60 }, (_, i) => Math.round(100 * 10 ** ((4 * i) / 59)))];

  it.each([
    [0.9, 0.999],
    [0.9, 0.95],
    [0.5, 0.9999],
    [0, 0],
  ])(
    'are those of double precision for steps up to 1e6, as numbers and as tensors: betas %f and %f',
    async (...betas) => {
      const [beta1, beta2] = betas;
      for (const step of steps) {
        // Both means stay 1, so that the change is -√c2 / c1 but for an epsilon too small to show.
        const expected = -Math.sqrt(1 - beta2 ** (step + 1)) / (1 - beta1 ** (step + 1));
        for (const given of [step, tf.scalar(step), tf.scalar(step, 'int32')]) {
          const got = await change(given, { beta1, beta2, epsilon: 1e-12, epsilonPlacement: 'uncorrected' });
          // A handful of float32 operations.
          expect(Math.abs(got / expected - 1), `step ${step}`).toBeLessThan(1e-6);
        }
      }
    },
  );
});

describe('the defaults of adamW', () => {
  it("are the paper's and PyTorch's: betas 0.9 and 0.999, epsilon 1e-8 after the correction, decay 0.01 of matrices", async () => {
    // torch.optim.AdamW([w], lr=0.1) by hand: gradients of 2e-8 and -1e-8, where an epsilon of 1e-8 shows.
    const expected = (decays: boolean): number => {
      let [p, m, v] = [1, 0, 0];
      for (const [i, g] of [2e-8, -1e-8].entries()) {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        if (decays) p *= 1 - 0.1 * 0.01;
        p -= (0.1 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
      }
      return p;
    };
    let params = { kernel: tf.ones([1, 1]), bias: tf.ones([1]) };
    let moments = initMoments(params);
    for (const [step, g] of [2e-8, -1e-8].entries()) {
      const grads = { kernel: tf.tensor2d([g], [1, 1]), bias: tf.tensor1d([g]) };
      ({ params, moments } = adamW(params, grads, moments, { learningRate: 0.1, step }));
    }
    await expectClose(params.kernel, [expected(true)], { absolute: 1e-6 });
    await expectClose(params.bias, [expected(false)], { absolute: 1e-6 });
    expect(Math.abs(expected(true) - expected(false))).toBeGreaterThan(1e-3);
  });
});
