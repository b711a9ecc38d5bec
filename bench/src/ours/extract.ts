/** Frame features of 10 s of log-mels, as an extractor makes them: 608 frames at once, then the rest. */
import { startBackend } from '@audio-ssl/backend';
import { compile } from '@audio-ssl/compile';
import { initMatpac, sizes, variants, type Size } from '@audio-ssl/matpac';
import { randomStream } from '@audio-ssl/params';
import { encodeSpectrogram, frequencyConcat, type SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { serve } from './serve.js';

await serve(async ({ size, batch, implementation }) => {
  await startBackend();
  const model = sizes[size as Size];
  const { student } = initMatpac({ model, ...variants.matpac }, 0);
  const random = randomStream(0, 'data');
  const frames = 1008; // 998, padded to whole patches
  const data = Float32Array.from({ length: batch * 80 * frames }, () => 2 * random() - 1);
  const { patch, encoder } = model;
  const extract = (weights: SpectrogramEncoder, spectrogram: tf.Tensor): tf.Tensor =>
    tf.tidy(() => {
      const pieces = [
        [0, 608],
        [608, 400],
      ].map(([start, length]) => {
        const piece = tf.slice(spectrogram, [0, 0, start!], [batch, 80, length!]);
        const { tokens, grid } = encodeSpectrogram(weights, piece, { patch, numHeads: encoder.numHeads });
        return frequencyConcat(tokens, grid);
      });
      return tf.concat(pieces, 1);
    });
  const run = implementation === 'compiled' ? compile(extract) : extract;
  const { patch_embed, cls_token, encoder: blocks } = student;
  const weights = { patch_embed, cls_token, encoder: blocks };
  return async () => {
    const spectrogram = tf.tensor3d(data.slice(), [batch, 80, frames]);
    const features = run(weights, spectrogram);
    await features.data();
    tf.dispose([features, spectrogram]);
  };
});
