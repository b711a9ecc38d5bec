import { cloneTree, disposeTree, leaves } from '@audio-ssl/params';
import { expectClose, expectNoLeak, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamW, adamWCorrections, initMoments, linear, type AdamWOptions } from '../src/index.js';

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
          const numbers = { learningRate: rate(step), ...adamWCorrections(step, options) };
          const scalars =
            kind === 'number'
              ? numbers
              : {
                  learningRate: tf.scalar(numbers.learningRate),
                  firstCorrection: tf.scalar(numbers.firstCorrection),
                  secondCorrection: tf.scalar(numbers.secondCorrection),
                };
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
    const scalars = { learningRate: 1, ...adamWCorrections(0) };
    const after = async (epsilonPlacement: 'corrected' | 'uncorrected'): Promise<number> =>
      (await adamW(params, { w: gradient }, moments, scalars, { epsilon: 1e-3, epsilonPlacement }).params.w.data())[0]!;
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
    const scalars = { learningRate: 0.5, ...adamWCorrections(7) };
    const next = adamW(params, { used: tf.tensor([1, -1]), unused: null }, moments, scalars, { weightDecay: 0.5 });
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
      { learningRate: 0.5, ...adamWCorrections(0) },
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
    const scalars = { learningRate: 0.1, ...adamWCorrections(0) };
    await expectNoLeak(() => {
      const next = adamW(params, grads, moments, scalars);
      return [...leaves(next.params), ...leaves(next.moments)].map(([, leaf]) => leaf);
    });
    for (const [i, [, leaf]] of leaves(params).entries()) await expectClose(leaf, leaves(copy)[i]![1], {});
  });

  it('refuses trees that do not fit, no gradient at all, and options out of range', () => {
    const params = { w: tf.ones([2]), b: tf.ones([1]) };
    const moments = initMoments(params);
    const scalars = { learningRate: 0.1, ...adamWCorrections(0) };
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
    expect(() => adamWCorrections(-1)).toThrow('the first update is step 0');
    expect(() => initMoments({})).toThrow('at least one tensor');
  });
});

describe('adamWCorrections', () => {
  it('is 1 - beta^t in double precision, t = step + 1', () => {
    expect(adamWCorrections(0)).toEqual({ firstCorrection: 1 - 0.9, secondCorrection: 1 - 0.95 });
    expect(adamWCorrections(9, { beta1: 0.5, beta2: 0.25 })).toEqual({
      firstCorrection: 1 - 2 ** -10,
      secondCorrection: 1 - 2 ** -20,
    });
  });
});
