import { leaves, valueAndGrad } from '@audio-ssl/params';
import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initHead, project, type Head } from '../src/index.js';

const options = { inputDim: 3, hiddenDim: 5, bottleneckDim: 4, pseudoClasses: 6 };

// Abramowitz & Stegun 7.1.26 is good to 1.5e-7.
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y =
    1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return Math.sign(x) * y;
}

/** The head in double precision, one latent at a time. */
async function oracle(head: Head, latent: readonly number[]): Promise<number[]> {
  let x = [...latent];
  for (const [i, { kernel, bias }] of head.mlp.entries()) {
    const [rows, columns] = kernel.shape as [number, number];
    const [w, b] = [await kernel.data(), await bias.data()];
    if (i > 0) x = x.map((v) => (v / 2) * (1 + erf(v / Math.SQRT2)));
    x = Array.from({ length: columns }, (_, o) => {
      let sum = b[o]!;
      for (let r = 0; r < rows; r++) sum += x[r]! * w[r * columns + o]!;
      return sum;
    });
  }
  const length = Math.hypot(...x);
  const [g, v] = [await head.last_layer.weight_g.data(), await head.last_layer.weight_v.data()];
  return Array.from(g, (gain, k) => {
    const direction = x.map((_, i) => v[i * g.length + k]!);
    const dot = direction.reduce((sum, d, i) => sum + d * (x[i]! / length), 0);
    return (gain * dot) / Math.hypot(...direction);
  });
}

const withOddValues = (head: Head): Head => ({
  mlp: head.mlp.map(({ kernel, bias }) => ({ kernel, bias: tf.linspace(-0.5, 0.5, bias.size) })),
  last_layer: { ...head.last_layer, weight_g: tf.reshape(tf.linspace(0.5, 2, 6), [6, 1]) },
});

describe('project', () => {
  const head = (): Head => withOddValues(initHead(options, seeded(1)));
  const latents = [0.5, -1, 2, 0.1, 0.2, -0.3, 1, 1, 1, -2, 0.4, 0];

  it('agrees with a naive evaluation, whatever the leading axes', async () => {
    const params = head();
    const expected: number[] = [];
    for (let i = 0; i < 12; i += 3) expected.push(...(await oracle(params, latents.slice(i, i + 3))));
    for (const shape of [
      [2, 2, 3],
      [4, 3],
    ]) {
      const logits = project(params, tf.tensor(latents, shape));
      expect(logits.shape).toEqual([...shape.slice(0, -1), 6]);
      await expectClose(logits, expected, { absolute: 2e-6 });
    }
  });

  it('gives logits within ±weight_g', async () => {
    const logits = project(initHead(options, seeded(2)), tf.tensor(latents, [4, 3]));
    for (const value of await logits.data()) expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-6);
  });

  it('has the gradients that finite differences have, for every parameter and the latents', async () => {
    const params = head();
    const weights = tf.reshape(tf.linspace(-1, 1, 24), [4, 6]);
    const x = tf.tensor(latents, [4, 3]);
    const value = (p: Head, input: tf.Tensor = x): tf.Scalar => tf.sum(tf.mul(project(p, input), weights));
    const { grads } = valueAndGrad((p: Head) => ({ value: value(p), aux: {} }), params);
    const found = new Map(leaves<tf.Tensor | null>(grads));
    for (const [path, leaf] of leaves(params)) {
      const at = (moved: tf.Tensor): tf.Scalar =>
        value({
          mlp: params.mlp.map((layer, i) => ({
            kernel: path === `mlp.${i}.kernel` ? moved : layer.kernel,
            bias: path === `mlp.${i}.bias` ? moved : layer.bias,
          })),
          last_layer: {
            weight_g: path === 'last_layer.weight_g' ? moved : params.last_layer.weight_g,
            weight_v: path === 'last_layer.weight_v' ? moved : params.last_layer.weight_v,
          },
        });
      // Central differences with h 4e-3 in float32: see finiteDifferences; the weights sum to 12 in absolute value.
      await expectClose(found.get(path)!, await finiteDifferences(at, leaf), { absolute: 2e-3, relative: 2e-3 });
    }
    const toLatents = tf.grad((y: tf.Tensor) => value(params, y))(x);
    await expectClose(toLatents, await finiteDifferences((y) => value(params, y), x), {
      absolute: 2e-3,
      relative: 2e-3,
    });
  });

  it('leaks nothing', async () => {
    const params = head();
    const x = tf.tensor(latents, [2, 2, 3]);
    await expectNoLeak(() => project(params, x));
    await expectNoLeak(() => tf.grad((y) => tf.sum(project(params, y)))(x));
  });

  it('refuses latents of another width', () => {
    expect(() => project(head(), tf.zeros([2, 2, 4]))).toThrow('expected a last axis of 3');
  });
});

describe('initHead', () => {
  it('has the shapes, names and constants of the reference', async () => {
    const head = initHead(options, seeded(3));
    expect(leaves(head).map(([path, leaf]) => [path, leaf.shape])).toEqual([
      ['mlp.0.kernel', [3, 5]],
      ['mlp.0.bias', [5]],
      ['mlp.1.kernel', [5, 5]],
      ['mlp.1.bias', [5]],
      ['mlp.2.kernel', [5, 4]],
      ['mlp.2.bias', [4]],
      ['last_layer.weight_g', [6, 1]],
      ['last_layer.weight_v', [4, 6]],
    ]);
    await expectClose(head.last_layer.weight_g, [1, 1, 1, 1, 1, 1], {});
    await expectClose(head.mlp[0]!.bias, [0, 0, 0, 0, 0], {});
  });

  it.each([
    [1, [[3, 4]]],
    [
      2,
      [
        [3, 5],
        [5, 4],
      ],
    ],
  ])('has an MLP of %i layers when asked', (depth, kernels) => {
    expect(initHead({ ...options, depth }, seeded(3)).mlp.map(({ kernel }) => kernel.shape)).toEqual(kernels);
  });

  it.each([
    ['xavier', Math.sqrt(6 / 300), Math.sqrt(6 / 300) / Math.sqrt(3)],
    ['truncatedNormal', 0.12, 0.02], // a normal draw beyond 6 standard deviations is one in 5e8
  ] as const)('draws the MLP %s', async (mlpWeights, bound, deviation) => {
    const head = initHead(
      { inputDim: 200, hiddenDim: 100, bottleneckDim: 64, pseudoClasses: 50, mlpWeights },
      seeded(4),
    );
    const kernel = await head.mlp[0]!.kernel.data();
    expect(Math.max(...kernel.map(Math.abs))).toBeLessThanOrEqual(bound);
    // 20000 draws: the standard deviation is known to 1 %.
    expect(Math.abs(Math.hypot(...kernel) / Math.sqrt(kernel.length) / deviation - 1)).toBeLessThan(0.02);
    const directions = await head.last_layer.weight_v.data();
    expect(Math.max(...directions.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
    expect(Math.max(...directions)).toBeGreaterThan(0.12);
  });

  it('refuses sizes and names that make no head', () => {
    expect(() => initHead({ ...options, pseudoClasses: 0 }, seeded(1))).toThrow(
      'expected pseudoClasses to be a whole number above 0, got 0',
    );
    expect(() => initHead({ ...options, depth: 0 }, seeded(1))).toThrow('expected depth to be a whole number above 0');
    expect(() => initHead({ ...options, mlpWeights: 'zeros' as 'xavier' }, seeded(1))).toThrow(
      "got zeros; 'xavier' is the default",
    );
  });
});
