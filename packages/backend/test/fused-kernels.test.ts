import { expectClose, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const random = seeded(11);
const draw = (...shape: number[]): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 4 * random() - 2),
    shape,
  );
const run = (name: string, inputs: Record<string, tf.Tensor>, attributes: Record<string, number> = {}): tf.Tensor[] => {
  const made = tf.engine().runKernel(name, inputs, attributes as unknown as tf.NamedAttrMap);
  return (Array.isArray(made) ? made : [made]) as tf.Tensor[];
};
const available = tf.getKernel('AudioSslLayerNorm', tf.getBackend()) !== undefined;

// A vector holds 4, 8 or 16 floats: sizes around those have a last vector that is not full.
const widths = [1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 100];
// Sums of up to a few hundred float32 numbers of size 1 to 4.
const float32 = { absolute: 3e-5, relative: 1e-5 };

describe.skipIf(!available)('fused kernels, against the same formulas in TensorFlow.js', () => {
  it.each(widths)('layer norm and its gradient, %i wide', async (dim) => {
    for (const rows of [1, 5, 40]) {
      const [x, weight, bias, dy] = [draw(rows, dim), draw(dim), draw(dim), draw(rows, dim)] as const;
      const formula = (a: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Tensor => {
        const { mean, variance } = tf.moments(a, 1, true);
        return tf.add(tf.mul(tf.mul(tf.sub(a, mean), tf.rsqrt(tf.add(variance, 0.01))), w), b);
      };
      const [y, mean, inverse] = run('AudioSslLayerNorm', { x, weight, bias }, { epsilon: 0.01 });
      await expectClose(y!, formula(x, weight, bias), float32);
      const grads = run('AudioSslLayerNormGrad', { dy, x, weight, mean: mean!, inverse: inverse! });
      const expected = tf.grads(formula)([x, weight, bias], dy);
      // Dividing by sqrt(0.01) enlarges the rounding of a row with one channel tenfold.
      for (const [i, grad] of grads.entries())
        await expectClose(grad, expected[i]!, { absolute: 3e-4, relative: 1e-4 });
    }
  });

  it.each(widths)('bias and GELU, its gradient, and column sums, %i wide', async (dim) => {
    const [x, bias, dy] = [draw(37, dim), draw(dim), draw(37, dim)] as const;
    const formula = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
      const u = tf.add(a, b);
      return tf.mul(u, tf.mul(tf.add(tf.erf(tf.mul(u, Math.SQRT1_2)), 1), 0.5));
    };
    await expectClose(run('AudioSslBiasGelu', { x, bias })[0]!, formula(x, bias), { absolute: 1e-6 });
    const expected = tf.grads(formula)([x, bias], dy);
    const grads = run('AudioSslBiasGeluGrad', { dy, x, bias });
    for (const [i, grad] of grads.entries()) await expectClose(grad, expected[i]!, float32);
    await expectClose(run('AudioSslColumnSum', { x })[0]!, tf.sum(x, 0), float32);
  });

  it('GELU is right far from zero, where float32 has its limits', async () => {
    const x = tf.tensor2d([-200, -40, -14, -9, -5, -1e-3, 0, 1e-3, 5, 9, 40, 200], [1, 12]);
    const [y] = run('AudioSslBiasGelu', { x, bias: tf.zeros([12]) });
    await expectClose(y!, [0, 0, 0, 0, -5 * 2.866516e-7, -4.99601e-4, 0, 5.00399e-4, 4.9999986, 9, 40, 200], {
      absolute: 1e-6,
    });
  });

  it.each(widths)('softmax with centre and temperature, cross-entropy and its gradient, %i classes', async (dim) => {
    const [x, center, dloss] = [draw(6, dim), draw(dim), draw(6)] as const;
    const target = tf.softmax(draw(6, dim));
    const temperature = tf.scalar(0.3);
    const [p] = run('AudioSslSharpen', { x, center, temperature });
    await expectClose(p!, tf.softmax(tf.div(tf.sub(x, center), 0.3)), { absolute: 1e-6 });
    const formula = (logits: tf.Tensor): tf.Tensor =>
      tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(tf.div(logits, 0.3))), 1));
    const [loss, normalizer] = run('AudioSslCrossEntropy', { x, target, temperature });
    await expectClose(loss!, formula(x), float32);
    const inputs = { dloss, x, target, normalizer: normalizer!, temperature };
    await expectClose(run('AudioSslCrossEntropyGrad', inputs)[0]!, tf.grad(formula)(x, dloss), float32);
  });

  it.each([
    { count: 1, heads: 1, d: 1, first: 0 },
    { count: 5, heads: 3, d: 4, first: 2 },
    { count: 49, heads: 2, d: 12, first: 0 },
    { count: 130, heads: 1, d: 32, first: 97 },
    { count: 200, heads: 2, d: 17, first: 1 },
  ])('attention of $count tokens, $heads heads of $d, queries from $first', async ({ count, heads, d, first }) => {
    const qkv = draw(2, count, 3 * heads * d);
    const dout = draw(2, count - first, heads * d);
    const formula = (joint: tf.Tensor): tf.Tensor => {
      const parts = tf.transpose(tf.reshape(joint, [2, count, 3, heads, d]), [2, 0, 3, 1, 4]);
      const [q, k, v] = tf.unstack(tf.reshape(parts, [3, 2 * heads, count, d])) as [
        tf.Tensor3D,
        tf.Tensor3D,
        tf.Tensor3D,
      ];
      const asked = tf.slice(q, [0, first, 0]);
      const out = tf.matMul(tf.softmax(tf.mul(tf.matMul(asked, k, false, true), d ** -0.5)), v);
      const merged = tf.transpose(tf.reshape(out, [2, heads, count - first, d]), [0, 2, 1, 3]);
      return tf.reshape(merged, [2, count - first, heads * d]);
    };
    const [out, normalizer] = run('AudioSslAttention', { qkv }, { heads, first });
    await expectClose(out!, formula(qkv), float32);
    const inputs = { dout, qkv, out: out!, normalizer: normalizer! };
    const [dqkv] = run('AudioSslAttentionGrad', inputs, { heads, first });
    await expectClose(dqkv!, tf.grad(formula)(qkv, dout), { absolute: 1e-4, relative: 1e-4 });
  });

  it.each([
    [1, 1, 1],
    [7, 300, 5],
    [250, 33, 40],
    [481, 600, 17],
  ])('a bᵀ of %i x %i and %i rows', async (rows, inner, columns) => {
    const [a, b] = [draw(rows, inner), draw(columns, inner)] as [tf.Tensor2D, tf.Tensor2D];
    // A sum of `inner` products of size 4.
    const bound = { absolute: 1e-6 * 4 * inner };
    await expectClose(run('AudioSslMatMulTransposed', { a, b })[0]!, tf.matMul(a, b, false, true), bound);
  });

  it.each(widths)('AdamW, the average and the sum of squares of %i values', async (size) => {
    const [param, grad, first, slow] = [draw(size), draw(size), draw(size), draw(size)] as const;
    const second = tf.square(draw(size));
    const scalars = { rate: tf.scalar(0.1), floor: tf.scalar(1e-3), kept: tf.scalar(0.99), scale: tf.scalar(0.5) };
    const attributes = { beta1: 0.9, beta2: 0.95, rest1: 0.1, rest2: 0.05 };
    const [next, mean, square] = run('AudioSslAdamW', { param, grad, first, second, ...scalars }, attributes);
    const g = tf.mul(grad, 0.5);
    const m = tf.add(tf.mul(first, 0.9), tf.mul(g, 0.1));
    const v = tf.add(tf.mul(second, 0.95), tf.mul(tf.square(g), 0.05));
    await expectClose(mean!, m, { absolute: 1e-6 });
    await expectClose(square!, v, { absolute: 1e-6 });
    const change = tf.mul(tf.div(m, tf.add(tf.sqrt(v), 1e-3)), 0.1);
    await expectClose(next!, tf.sub(tf.mul(param, 0.99), change), { absolute: 2e-6, relative: 1e-5 });
    const [moved] = run('AudioSslAverage', { slow, fast: param, taken: tf.scalar(0.25) });
    await expectClose(moved!, tf.add(tf.mul(slow, 0.75), tf.mul(param, 0.25)), { absolute: 1e-6 });
    await expectClose(run('AudioSslSquaredSum', { x: param })[0]!, tf.sum(tf.square(param)), {
      relative: 1e-6,
      absolute: 1e-6,
    });
  });

  it('hands a tensor on as it is, after another', async () => {
    const x = draw(3, 2);
    await expectClose(run('AudioSslAfter', { x, trigger: draw(1) })[0]!, x, {});
  });

  it('says what does not fit', () => {
    expect(() => run('AudioSslMatMulTransposed', { a: draw(2, 3), b: draw(2, 4) })).toThrow('inner sizes differ');
  });
});
