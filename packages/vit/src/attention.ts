import { attention, dense, initDense, type Dense } from '@audio-ssl/layers';
import { tidy, type Random } from '@audio-ssl/params';
import type * as tf from '@tensorflow/tfjs-core';

/** Self-attention with one joint query-key-value map, under timm's names. */
export type Attention = { readonly qkv: Dense; readonly proj: Dense };

/**
 * Self-attention before training: Xavier-uniform kernels, biases of zeros.
 *
 * @param dim width D of a token.
 * @param random uniform numbers in [0, 1).
 * @example
 * const params = initAttention(192, randomStream(1337, 'attention'));
 */
export function initAttention(dim: number, random: Random): Attention {
  return { qkv: initDense(dim, 3 * dim, random), proj: initDense(dim, dim, random) };
}

/**
 * Multi-head self-attention (Dosovitskiy et al. 2021, appendix A): queries, keys and values of every token, attention
 * in each head, and a projection of the heads together.
 *
 * @param params qkv (D, 3D), whose columns are queries, keys and values in this order, each as H heads; proj (D, D).
 * @param tokens (B, N, D).
 * @param first only the tokens from here on have queries; all have keys and values. 0 by default.
 * @returns (B, N - first, D).
 * @throws Error when D is not a multiple of the number of heads.
 * @example
 * const attended = attend(block.attn, layerNorm(block.norm1, tokens), 3); // (B, N, 192)
 */
export function attend({ qkv, proj }: Attention, tokens: tf.Tensor, numHeads: number, first = 0): tf.Tensor {
  return tidy(() => dense(proj, attention(dense(qkv, tokens), { numHeads, first })));
}
