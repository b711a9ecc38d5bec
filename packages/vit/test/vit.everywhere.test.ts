import { leaves, normal, valueAndGrad, fromLeaves, type TensorTree } from '@audio-ssl/params';
import { expectClose, expectNoLeak, finiteDifferences, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  attend,
  embedPatches,
  encode,
  encodeLayers,
  encodeSpectrogram,
  encodeSpectrogramLayers,
  frequencyConcat,
  initAttention,
  initEncoder,
  initPatchEmbed,
  initPredictor,
  initSpectrogramEncoder,
  patchify,
  predict,
  sinCosPositions,
  takeTokens,
} from '../src/index.js';

const random = seeded(11);
const draw = (...shape: number[]): tf.Tensor => normal(shape, 1, random);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('patchify', () => {
  it('puts the patch of row f and column t at token f * T + t, its values row by row', async () => {
    const [bins, frames, high, wide] = [4, 6, 2, 3];
    const spectrogram = tf.tensor3d(range(bins * frames), [1, bins, frames]);
    const expected: number[] = [];
    for (let f = 0; f < bins / high; f++)
      for (let t = 0; t < frames / wide; t++)
        for (let y = 0; y < high; y++)
          for (let x = 0; x < wide; x++) expected.push((f * high + y) * frames + t * wide + x);
    const patches = patchify(spectrogram, [high, wide]);
    expect(patches.shape).toEqual([1, 4, 6]);
    await expectClose(patches, expected, {});
  });

  it('says what does not divide', () => {
    expect(() => patchify(tf.zeros([1, 80, 600]), [16, 16])).toThrow(
      '80 bins x 600 frames; pad or crop the spectrogram',
    );
  });
});

describe('sinCosPositions', () => {
  it('encodes time in the first half and frequency in the second, each as sines then cosines', async () => {
    const positions = sinCosPositions({ freq: 2, time: 3 }, 8); // D/4 = 2 frequencies: 1 and 0.01
    const at = (f: number, t: number): number[] => [
      ...[t, t / 100].map(Math.sin),
      ...[t, t / 100].map(Math.cos),
      ...[f, f / 100].map(Math.sin),
      ...[f, f / 100].map(Math.cos),
    ];
    // Float32 of values within ±1.
    await expectClose(
      positions,
      [0, 1].flatMap((f) => [0, 1, 2].flatMap((t) => at(f, t))),
      { absolute: 6e-8 },
    );
  });

  it('continues where an offset starts', async () => {
    const all = sinCosPositions({ freq: 1, time: 7 }, 16);
    await expectClose(sinCosPositions({ freq: 1, time: 4 }, 16, { timeOffset: 3 }), tf.slice(all, [3, 0], [4, 16]), {});
  });
});

describe('takeTokens', () => {
  it('takes per clip and puts gradients back', async () => {
    const tokens = tf.tensor3d(range(12), [2, 3, 2]);
    const indices = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
    await expectClose(takeTokens(tokens, indices), [4, 5, 0, 1, 8, 9, 8, 9], {});
    const grad = tf.grad((x) => tf.sum(tf.mul(takeTokens(x, indices), tf.tensor3d(range(8), [2, 2, 2]))))(tokens);
    await expectClose(grad, [2, 3, 0, 0, 0, 1, 0, 0, 4 + 6, 5 + 7, 0, 0], {});
  });

  it('leaks nothing', async () => {
    const tokens = draw(2, 3, 2);
    const indices = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
    await expectNoLeak(() => takeTokens(tokens, indices));
    await expectNoLeak(() => tf.grad((x) => tf.sum(takeTokens(x, indices)))(tokens));
  });

  it('names both shapes when the batch differs', () => {
    expect(() => takeTokens(tf.zeros([2, 3, 4]), tf.zeros([3, 1], 'int32'))).toThrow('[2,3,4] and [3,1]');
  });
});

describe('attend', () => {
  const [batch, count, dim, numHeads] = [2, 5, 6, 2];
  const params = initAttention(dim, random);
  const tokens = draw(batch, count, dim);

  it('equals loops over heads, queries and keys', async () => {
    const joint = await tf
      .add(tf.matMul(tf.reshape(tokens, [-1, dim]) as tf.Tensor2D, params.qkv.kernel as tf.Tensor2D), params.qkv.bias)
      .data();
    const d = dim / numHeads;
    const value = (b: number, n: number, which: number, h: number, i: number): number =>
      joint[(b * count + n) * 3 * dim + which * dim + h * d + i]!;
    const merged: number[] = [];
    for (let b = 0; b < batch; b++)
      for (let n = 0; n < count; n++)
        for (let h = 0; h < numHeads; h++) {
          const scores = range(count).map(
            (m) => range(d).reduce((s, i) => s + value(b, n, 0, h, i) * value(b, m, 1, h, i), 0) / Math.sqrt(d),
          );
          const weights = scores.map(Math.exp);
          const total = weights.reduce((a, w) => a + w, 0);
          for (let i = 0; i < d; i++)
            merged.push(range(count).reduce((s, m) => s + (weights[m]! / total) * value(b, m, 2, h, i), 0));
        }
    const expected = tf.add(
      tf.matMul(tf.tensor2d(merged, [batch * count, dim]), params.proj.kernel as tf.Tensor2D),
      params.proj.bias,
    );
    // Sums of a few float32 products of order 1.
    await expectClose(attend(params, tokens, numHeads), await expected.data(), { absolute: 3e-6 });
  });

  it('gives the tokens from one on alone, too', async () => {
    const all = attend(params, tokens, numHeads);
    // The order of float32 sums may differ.
    await expectClose(attend(params, tokens, numHeads, 3), tf.slice(all, [0, 3, 0]), { absolute: 1e-6 });
    await expectNoLeak(() => attend(params, tokens, numHeads, 3));
  });

  it('refuses heads that do not divide the width', () => {
    expect(() => attend(params, tokens, 4)).toThrow('attention: expected a width that divides into 4 heads, got 6');
  });
});

describe('the encoder', () => {
  const options = { embedDim: 8, depth: 2, numHeads: 2, mlpRatio: 2 };
  const params = initEncoder(options, random);
  const tokens = draw(2, 4, 8);

  it('has gradients of finite differences for parameters of every kind through two blocks', async () => {
    const weights = draw(2, 4, 8);
    const loss = (p: typeof params): tf.Scalar => tf.sum(tf.mul(encode(p, tokens, options), weights)) as tf.Scalar;
    const { grads, value } = valueAndGrad((p: typeof params) => ({ value: loss(p), aux: {} }), params);
    expect(value.shape).toEqual([]);
    const byPath = new Map(leaves<tf.Tensor | null>(grads));
    for (const path of [
      'blocks.0.norm1.weight',
      'blocks.0.attn.qkv.bias',
      'blocks.0.mlp.fc1.bias',
      'blocks.1.mlp.fc2.bias',
      'norm.bias',
    ]) {
      const replaced = (leaf: tf.Tensor): tf.Tensor =>
        loss(fromLeaves<TensorTree, tf.Tensor>(params, new Map([...leaves(params), [path, leaf]])) as typeof params);
      const leaf = new Map(leaves(params)).get(path)!;
      await expectClose(byPath.get(path)!, await finiteDifferences(replaced, leaf), { absolute: 5e-3, relative: 5e-3 });
    }
  });

  it('gives every layer, the last one equal to encode', async () => {
    const layers = encodeLayers(params, tokens, options);
    expect(layers.map(({ shape }) => shape)).toEqual([
      [2, 4, 8],
      [2, 4, 8],
    ]);
    await expectClose(layers[1]!, encode(params, tokens, options), {});
  });

  it('treats tokens as a set', async () => {
    const order = tf.tensor1d([2, 0, 3, 1], 'int32');
    // The order of float32 sums over keys changes.
    await expectClose(
      encode(params, tf.gather(tokens, order, 1), options),
      tf.gather(encode(params, tokens, options), order, 1),
      { absolute: 2e-6 },
    );
  });

  it('leaks nothing', async () => {
    await expectNoLeak(() => encode(params, tokens, options));
    await expectNoLeak(() => encodeLayers(params, tokens, options));
  });
});

describe('predict', () => {
  it('gives the trunk of the masked tokens as a grid-ordered predictor does', async () => {
    const [batch, dim] = [2, 8];
    const grid = { freq: 2, time: 3 };
    const options = { inputDim: dim, embedDim: 12, depth: 1, numHeads: 3 };
    const params = initPredictor(options, random);
    const positions = sinCosPositions(grid, 12);
    const encoded = draw(batch, 3, dim);
    const visible = tf.tensor2d([4, 1, 0, 2], [2, 2], 'int32');
    const masked = tf.tensor2d([5, 0, 3, 2, 1, 5, 4, 3], [2, 4], 'int32');
    const trunk = predict(params, encoded, visible, masked, { positions, numHeads: 3 });
    expect(trunk.shape).toEqual([2, 4, 12]);

    // The authors' order: class token, then every token at its place in the grid.
    const embedded = await tf
      .add(
        tf.matMul(tf.reshape(encoded, [-1, dim]) as tf.Tensor2D, params.embed.kernel as tf.Tensor2D),
        params.embed.bias,
      )
      .data();
    const maskToken = await params.mask_token.data();
    const pos = await positions.data();
    const [seen, hidden] = [await visible.data(), await masked.data()];
    const sequence = new Float32Array(batch * 7 * 12);
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < 12; c++) {
        sequence[b * 84 + c] = embedded[b * 36 + c]!;
        for (const [i, n] of [...seen.slice(b * 2, b * 2 + 2)].entries())
          sequence[b * 84 + (n + 1) * 12 + c] = embedded[b * 36 + (i + 1) * 12 + c]! + pos[n * 12 + c]!;
        for (const n of hidden.slice(b * 4, b * 4 + 4))
          sequence[b * 84 + (n + 1) * 12 + c] = maskToken[c]! + pos[n * 12 + c]!;
      }
    const inOrder = encode(params, tf.tensor3d(sequence, [batch, 7, 12]), { numHeads: 3 });
    await expectClose(trunk, takeTokens(inOrder, tf.add(masked, tf.scalar(1, 'int32'))), { absolute: 3e-6 });
    await expectNoLeak(() => predict(params, encoded, visible, masked, { positions, numHeads: 3 }));
  });
});

describe('encodeSpectrogram', () => {
  const options = { patch: [4, 2] as const, embedDim: 8, depth: 2, numHeads: 2 };
  const params = initSpectrogramEncoder(options, random);

  it('takes any number of frames and fills the last patch with zeros', async () => {
    const spectrogram = draw(2, 8, 7);
    const { tokens, grid } = encodeSpectrogram(params, spectrogram, options);
    expect(grid).toEqual({ freq: 2, time: 4 });
    expect(tokens.shape).toEqual([2, 8, 8]);
    const padded = encodeSpectrogram(
      params,
      tf.pad(spectrogram, [
        [0, 0],
        [0, 0],
        [0, 1],
      ]),
      options,
    );
    await expectClose(tokens, padded.tokens, {});
    const { layers } = encodeSpectrogramLayers(params, spectrogram, options);
    await expectClose(layers[1]!, tokens, {});
    await expectNoLeak(() => encodeSpectrogram(params, spectrogram, options).tokens);
  });

  it('lays the frequency patches of a time step side by side', async () => {
    const tokens = tf.tensor3d(range(12), [1, 6, 2]); // F = 2, T = 3, D = 2
    await expectClose(frequencyConcat(tokens, { freq: 2, time: 3 }), [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11], {});
  });
});

describe('embedPatches', () => {
  it('adds positions to the projected patches', async () => {
    const params = initPatchEmbed({ patch: [2, 2], embedDim: 8 }, random);
    const spectrogram = draw(1, 4, 4);
    const without = embedPatches(params, spectrogram, { patch: [2, 2], positions: tf.zeros([4, 8]) });
    const tokens = embedPatches(params, spectrogram, { patch: [2, 2] });
    await expectClose(tf.sub(tokens, without), await sinCosPositions({ freq: 2, time: 2 }, 8).data(), {
      absolute: 5e-7,
    });
  });
});
