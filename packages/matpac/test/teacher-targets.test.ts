import { disposeTree, randomStream } from '@audio-ssl/params';
import { randomMask } from '@audio-ssl/masking';
import { expectClose } from '@audio-ssl/testing';
import { embedPatches, encodeLayers, prependClassToken } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  initMatpac,
  makeBatch,
  teacherTargets,
  trainStep,
  variants,
  withSettings,
  type MatpacOptions,
} from '../src/index.js';
import { tinyModel } from './tiny-model.js';

const base: MatpacOptions = { model: tinyModel, ...variants.predictionOnly };
const withLayers = (targetLayers: number | 'all'): MatpacOptions =>
  withSettings(base, { prediction: { targetLayers }, teacher: { input: 'all' } });
const scalars = { teacherTemperature: 0.04 };

describe('targets of several blocks', () => {
  it.each([2, 'all'] as const)('are the mean of the standardised outputs of the last %s', async (targetLayers) => {
    const options = withLayers(targetLayers);
    const { patch, encoder, bins } = tinyModel;
    const [clips, frames, dim, tokens] = [2, 32, encoder.embedDim, 8];
    const random = randomStream(1, 'sounds');
    const data = Float32Array.from({ length: clips * bins * frames }, () => 2 * random() - 1);
    const mask = randomMask({ ratio: 0.5 })({ freq: 2, time: 4 }, clips, random);
    const batch = makeBatch(data, mask, tinyModel, { frames });
    const state = initMatpac(options, 3);
    const { latents } = teacherTargets(state, batch, scalars, options);

    const input = prependClassToken(
      state.student.cls_token,
      embedPatches(state.student.patch_embed, batch.spectrogram, { patch }),
    );
    const layers = await Promise.all(encodeLayers(state.teacher.encoder, input, encoder).map((x) => x.array()));
    expect(layers.length).toBe(2);
    const expected: number[] = [];
    const [masked] = [mask.masked.length / clips];
    for (let b = 0; b < clips; b++) {
      for (let m = 0; m < masked; m++) {
        const token = 1 + mask.masked[b * masked + m]!;
        expect(token).toBeLessThanOrEqual(tokens);
        const rows = layers.map((layer) => {
          const row = layer[b]![token]!;
          const mean = row.reduce((sum, x) => sum + x, 0) / dim;
          const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (dim - 1);
          return row.map((x) => (x - mean) / Math.sqrt(variance + 1e-6));
        });
        for (let d = 0; d < dim; d++) expected.push((rows[0]![d]! + rows[1]![d]!) / 2);
      }
    }
    await expectClose(latents, expected, { absolute: 1e-5 }); // float32 over 16 channels of order 1
    disposeTree(state);
    disposeTree(batch);
    tf.dispose(latents);
  });

  it('are refused where the encoder has fewer blocks', () => {
    expect(() => trainStep(withLayers(3))).toThrow('expected at most the 2 blocks of the encoder, got 3');
    expect(() => trainStep(withLayers(0))).toThrow('got 0');
  });
});
