import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The tokens at given indices, clip by clip. The gradient puts each token's gradient back at its index.
 *
 * @param tokens (B, N, D), float32.
 * @param indices (B, V), int32, each in 0..N-1. The values are checked where masks are made, not here: reading them
 * would stall a GPU.
 * @returns (B, V, D).
 * @throws Error when the shapes do not fit.
 * @example
 * const visible = takeTokens(tokens, tf.tensor2d(mask.visible, [mask.batch, -1], 'int32'));
 */
export function takeTokens(tokens: tf.Tensor, indices: tf.Tensor): tf.Tensor3D {
  const [batch, count, dim] = tokens.shape as [number, number, number];
  const [rows, taken] = indices.shape as [number, number];
  if (tokens.rank !== 3 || indices.rank !== 2 || rows !== batch) {
    throw new Error(
      `takeTokens: expected tokens (B, N, D) and indices (B, V), got [${tokens.shape}] and [${indices.shape}]; was the mask made for another batch?`,
    );
  }
  return tidy(() => {
    // One flat gather: its gradient is a single segment sum, while a batched gather's would loop over the batch.
    const first = tf.tensor2d(
      Int32Array.from({ length: batch }, (_, b) => b * count),
      [batch, 1],
      'int32',
    );
    const flat = tf.reshape(tf.add(indices, first), [-1]) as tf.Tensor1D;
    const op = tf.customGrad((...args) => {
      const [all, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
      save([flat]);
      return {
        value: tf.gather(all, flat),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
          tf.unsortedSegmentSum(dy, saved[0] as tf.Tensor1D, batch * count) as tf.Tensor,
      };
    });
    return tf.reshape(op(tf.reshape(tokens, [batch * count, dim])), [batch, taken, dim]) as tf.Tensor3D;
  });
}
