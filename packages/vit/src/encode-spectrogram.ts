import type { Grid } from '@audio-ssl/masking';
import { normal, tidy, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { dropClassToken, prependClassToken } from './class-token.js';
import { encode, encodeLayers, initEncoder, type Encoder, type EncoderOptions } from './encoder.js';
import { embedPatches, initPatchEmbed, patchGrid, type Patch, type PatchEmbed } from './patches.js';

/** Everything that turns a spectrogram into embeddings. */
export type SpectrogramEncoder = {
  readonly patch_embed: PatchEmbed;
  readonly cls_token: tf.Tensor;
  readonly encoder: Encoder;
};

/**
 * A spectrogram encoder before training: class token normal with standard deviation 0.02, the rest as {@link initPatchEmbed}
 * and {@link initEncoder} start it.
 *
 * @param options sizes of the encoder, and the `patch`.
 * @param random uniform numbers in [0, 1).
 * @throws Error when the width is not a multiple of the heads.
 * @example
 * const params = initSpectrogramEncoder({ patch: [16, 16], embedDim: 192, depth: 12, numHeads: 3 }, random);
 */
export function initSpectrogramEncoder(
  options: EncoderOptions & { readonly patch: Patch },
  random: Random,
): SpectrogramEncoder {
  return {
    patch_embed: initPatchEmbed(options, random),
    cls_token: normal([1, 1, options.embedDim], 0.02, random),
    encoder: initEncoder(options, random),
  };
}

/** What the parameters do not tell {@link encodeSpectrogram} and {@link encodeSpectrogramLayers}. */
export interface EncodeSpectrogramOptions {
  /** Mel bins and frames of one patch. */
  readonly patch: Patch;
  /** Heads of the encoder's attention. */
  readonly numHeads: number;
}

/**
 * From spectrograms to embeddings in one call, for any number of frames: the last patch is filled up with zeros, the mean
 * of a standardised spectrogram.
 *
 * @param spectrogram (B, bins, frames), standardised.
 * @returns tokens (B, N, D) after the final norm, without the class token, at index f * T + t of `grid`.
 * @example
 * const { tokens, grid } = encodeSpectrogram(params, spectrogram, { patch: [16, 16], numHeads: 3 });
 * const frames = frequencyConcat(tokens, grid); // (B, T, F * D)
 */
export function encodeSpectrogram(
  params: SpectrogramEncoder,
  spectrogram: tf.Tensor,
  options: EncodeSpectrogramOptions,
): { tokens: tf.Tensor3D; grid: Grid } {
  return tidy(() => {
    const { tokens, grid } = inputTokens(params, spectrogram, options);
    return { tokens: dropClassToken(encode(params.encoder, tokens, options)), grid };
  });
}

/**
 * As {@link encodeSpectrogram}, with the tokens after every block.
 *
 * @param spectrogram (B, bins, frames), standardised.
 * @returns `layers`, `depth` tensors (B, N, D), first block first, the last one after the final norm; and their `grid`.
 * @example
 * const { layers } = encodeSpectrogramLayers(params, spectrogram, { patch: [16, 16], numHeads: 3 });
 */
export function encodeSpectrogramLayers(
  params: SpectrogramEncoder,
  spectrogram: tf.Tensor,
  options: EncodeSpectrogramOptions,
): { layers: tf.Tensor3D[]; grid: Grid } {
  return tidy(() => {
    const { tokens, grid } = inputTokens(params, spectrogram, options);
    return { layers: encodeLayers(params.encoder, tokens, options).map(dropClassToken), grid };
  });
}

function inputTokens(
  { patch_embed, cls_token }: SpectrogramEncoder,
  spectrogram: tf.Tensor,
  { patch }: EncodeSpectrogramOptions,
): { tokens: tf.Tensor3D; grid: Grid } {
  const [, bins, frames] = spectrogram.shape as [number, number, number];
  const missing = (patch[1] - (frames % patch[1])) % patch[1];
  const whole =
    missing === 0
      ? spectrogram
      : tf.pad(spectrogram, [
          [0, 0],
          [0, 0],
          [0, missing],
        ]);
  const grid = patchGrid(bins, frames + missing, patch);
  return { tokens: prependClassToken(cls_token, embedPatches(patch_embed, whole, { patch })), grid };
}

/**
 * One vector a time step: its frequency patches side by side, lowest first (the feature of the MATPAC paper).
 *
 * @param tokens (B, F * T, D).
 * @returns (B, T, F * D).
 * @example
 * const frames = frequencyConcat(tokens, { freq: 5, time: 38 }); // (B, 190, 192) -> (B, 38, 960)
 */
export function frequencyConcat(tokens: tf.Tensor, { freq, time }: Grid): tf.Tensor3D {
  const [batch, , dim] = tokens.shape as [number, number, number];
  return tidy(() => {
    const grid = tf.transpose(tf.reshape(tokens, [batch, freq, time, dim]), [0, 2, 1, 3]); // (B, T, F, D)
    return tf.reshape(grid, [batch, time, freq * dim]) as tf.Tensor3D;
  });
}
