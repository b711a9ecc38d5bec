import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Puts the class token before every clip's tokens. Its position is zero, so it needs none.
 *
 * @param classToken (1, 1, D).
 * @param tokens (B, N, D).
 * @returns (B, 1 + N, D).
 * @example
 * const sequence = prependClassToken(params.cls_token, tokens);
 */
export function prependClassToken(classToken: tf.Tensor, tokens: tf.Tensor): tf.Tensor3D {
  return tidy(() => tf.concat([tf.tile(classToken, [tokens.shape[0]!, 1, 1]), tokens], 1) as tf.Tensor3D);
}

/**
 * Drops the class token.
 *
 * @param tokens (B, 1 + N, D).
 * @returns (B, N, D).
 * @example
 * const patches = dropClassToken(encode(params.encoder, sequence, { numHeads: 3 }));
 */
export function dropClassToken(tokens: tf.Tensor): tf.Tensor3D {
  const [batch, count, dim] = tokens.shape as [number, number, number];
  return tf.slice(tokens as tf.Tensor3D, [0, 1, 0], [batch, count - 1, dim]);
}
