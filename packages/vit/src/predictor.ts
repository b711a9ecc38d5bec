import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { normal, tidy, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { encode, initEncoder, type EncodeOptions, type Encoder, type EncoderOptions } from './encoder.js';

/** The predictor's trunk: a narrow encoder that fills in masked tokens. Its projection back to D is a map of its own. */
export type Predictor = Encoder & { readonly embed: Dense; readonly mask_token: tf.Tensor };

/** Sizes of a predictor. */
export interface PredictorOptions extends EncoderOptions {
  /** Width D of the encoder's tokens. */
  readonly inputDim: number;
}

/**
 * A predictor before training: Xavier-uniform kernels, mask token normal with standard deviation 0.02.
 *
 * @param random uniform numbers in [0, 1).
 * @throws Error when the width is not a multiple of the heads.
 * @example
 * const params = initPredictor({ inputDim: 192, embedDim: 128, depth: 4, numHeads: 4 }, randomStream(1337, 'predictor'));
 */
export function initPredictor(options: PredictorOptions, random: Random): Predictor {
  return {
    embed: initDense(options.inputDim, options.embedDim, random),
    mask_token: normal([1, 1, options.embedDim], 0.02, random),
    ...initEncoder(options, random),
  };
}

/**
 * The trunk's output for the masked tokens (He et al. 2022, section 3, with the class token kept).
 *
 * Blocks treat tokens as a set, so the sequence is [class; visible; masked], each with its own position, and needs no
 * sorting back into grid order.
 *
 * @param encoded the encoder's output (B, 1 + V, D), class token first.
 * @param visible indices (B, V), int32.
 * @param masked indices (B, M), int32.
 * @param options `positions` (N, dec) for the whole grid; `numHeads`.
 * @returns (B, M, dec), normed.
 * @example
 * const trunk = predict(params.predictor, encoded, visible, masked, { positions, numHeads: 4 });
 */
export function predict(
  params: Predictor,
  encoded: tf.Tensor,
  visible: tf.Tensor,
  masked: tf.Tensor,
  { positions, numHeads, remat = false }: Pick<EncodeOptions, 'numHeads' | 'remat'> & { readonly positions: tf.Tensor },
): tf.Tensor3D {
  return tidy(() => {
    const [batch] = encoded.shape as [number];
    const [, seen] = visible.shape as [number, number];
    const dim = params.mask_token.shape[2]!;
    const positionsAt = (indices: tf.Tensor): tf.Tensor =>
      tf.reshape(tf.gather(positions, tf.reshape(indices, [-1]) as tf.Tensor1D), [batch, -1, dim]);
    const context = tf.add(
      dense(params.embed, encoded),
      tf.concat([tf.zeros([batch, 1, dim]), positionsAt(visible)], 1),
    ); // (B, 1 + V, dec)
    const queries = tf.add(positionsAt(masked), params.mask_token); // (B, M, dec)
    return encode(params, tf.concat([context, queries], 1), { numHeads, first: 1 + seen, remat });
  });
}
