import { initDense, dense, type Dense } from '@audio-ssl/layers';
import type { Grid } from '@audio-ssl/masking';
import { tidy, uniform, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { sinCosPositions } from './positions.js';

/** Height (mel bins) and width (frames) of a patch. */
export type Patch = readonly [frequency: number, time: number];

/** The patch embedding: a dense map from a patch's values to a token, under timm's name. */
export type PatchEmbed = { readonly proj: Dense };

/**
 * The grid of patches that a spectrogram of `bins` x `frames` makes.
 *
 * @throws Error when a side is not a positive multiple of the patch's.
 * @example
 * patchGrid(80, 608, [16, 16]); // { freq: 5, time: 38 }
 */
export function patchGrid(bins: number, frames: number, [high, wide]: Patch): Grid {
  if (bins < high || frames < wide || bins % high !== 0 || frames % wide !== 0) {
    throw new Error(
      `patchGrid: expected sides that are positive multiples of the patch ${high}x${wide}, got ${bins} bins x ${frames} frames; pad or crop the spectrogram`,
    );
  }
  return { freq: bins / high, time: frames / wide };
}

/**
 * Cuts spectrograms into patches. Token f * T + t holds the patch of frequency row f (0 is lowest) and time column t,
 * its values row by row as in a convolution's kernel.
 *
 * @param spectrogram (B, bins, frames).
 * @param patch [mel bins, frames] of one patch.
 * @returns (B, N, patch[0] * patch[1]).
 * @throws Error when the sides are not multiples of the patch's.
 * @example
 * patchify(tf.zeros([2, 80, 608]), [16, 16]); // (2, 190, 256)
 */
export function patchify(spectrogram: tf.Tensor, patch: Patch): tf.Tensor3D {
  const [batch, bins, frames] = spectrogram.shape as [number, number, number];
  const grid = patchGrid(bins, frames, patch);
  const [high, wide] = patch;
  return tidy(() => {
    const cells = tf.reshape(spectrogram, [batch, grid.freq, high, grid.time, wide]);
    const tokens = tf.transpose(cells, [0, 1, 3, 2, 4]); // (B, F, T, high, wide)
    return tf.reshape(tokens, [batch, grid.freq * grid.time, high * wide]) as tf.Tensor3D;
  });
}

/**
 * A patch embedding before training, as MATPAC's code starts it: Xavier-uniform kernel, bias uniform in ±1/sqrt(values in
 * a patch).
 *
 * @param random uniform numbers in [0, 1).
 * @example
 * const params = initPatchEmbed({ patch: [16, 16], embedDim: 192 }, randomStream(1337, 'patches'));
 */
export function initPatchEmbed(
  { patch, embedDim }: { readonly patch: Patch; readonly embedDim: number },
  random: Random,
): PatchEmbed {
  const values = patch[0] * patch[1];
  const { kernel, bias } = initDense(values, embedDim, random);
  bias.dispose();
  return { proj: { kernel, bias: uniform([embedDim], 1 / Math.sqrt(values), random) } };
}

/**
 * Tokens with their positions, without the class token.
 *
 * @param spectrogram (B, bins, frames), standardised.
 * @param options `patch`; `positions` (N, D), by default {@link sinCosPositions} of the grid.
 * @returns (B, N, D).
 * @example
 * const tokens = embedPatches(params.patch_embed, spectrogram, { patch: [16, 16] });
 */
export function embedPatches(
  { proj }: PatchEmbed,
  spectrogram: tf.Tensor,
  { patch, positions }: { readonly patch: Patch; readonly positions?: tf.Tensor | undefined },
): tf.Tensor3D {
  return tidy(() => {
    const tokens = dense(proj, patchify(spectrogram, patch)); // (B, N, D)
    const [, bins, frames] = spectrogram.shape as [number, number, number];
    return tf.add(tokens, positions ?? sinCosPositions(patchGrid(bins, frames, patch), tokens.shape[2]!));
  });
}
