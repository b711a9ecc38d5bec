import { dense, denseGelu, initDense, initLayerNorm, layerNorm, type Dense, type LayerNorm } from '@audio-ssl/layers';
import { remat, tidy, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { attend, initAttention, type Attention } from './attention.js';

/** One pre-norm transformer block, under timm's names. */
export type Block = {
  readonly norm1: LayerNorm;
  readonly attn: Attention;
  readonly norm2: LayerNorm;
  readonly mlp: { readonly fc1: Dense; readonly fc2: Dense };
};

/** A stack of blocks and the norm after it. */
export type Encoder = { readonly blocks: readonly Block[]; readonly norm: LayerNorm };

/** Sizes of a stack of transformer blocks. */
export interface EncoderOptions {
  /** Width D of a token. */
  readonly embedDim: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Attention heads; a divisor of `embedDim`. */
  readonly numHeads: number;
  /** Width of the MLP's hidden layer in units of `embedDim`; 4 by default. */
  readonly mlpRatio?: number | undefined;
}

/** The heads of {@link encode}, and how it runs. */
export interface EncodeOptions extends Pick<EncoderOptions, 'numHeads'> {
  /** Only the tokens from here on are wanted: the last block makes no others. 0 by default. */
  readonly first?: number;
  /** Keep only each block's input for the gradient and compute the rest again there. False by default. */
  readonly remat?: boolean;
}

/**
 * A stack of blocks before training: Xavier-uniform kernels, biases of zeros, norms of scale 1 and shift 0.
 *
 * @param random uniform numbers in [0, 1).
 * @throws Error when the width is not a multiple of the heads.
 * @example
 * const params = initEncoder({ embedDim: 192, depth: 12, numHeads: 3 }, randomStream(1337, 'encoder'));
 */
export function initEncoder({ embedDim, depth, numHeads, mlpRatio = 4 }: EncoderOptions, random: Random): Encoder {
  if (embedDim % numHeads !== 0) {
    throw new Error(
      `initEncoder: expected \`embedDim\` to be a multiple of \`numHeads\` ${numHeads}, got ${embedDim}; choose a divisor`,
    );
  }
  const hidden = Math.round(embedDim * mlpRatio);
  const block = (): Block => ({
    norm1: initLayerNorm(embedDim),
    attn: initAttention(embedDim, random),
    norm2: initLayerNorm(embedDim),
    mlp: { fc1: initDense(embedDim, hidden, random), fc2: initDense(hidden, embedDim, random) },
  });
  return { blocks: Array.from({ length: depth }, block), norm: initLayerNorm(embedDim) };
}

/**
 * One block: x + attention(norm(x)), then x + MLP(norm(x)) (Dosovitskiy et al. 2021, eq. 2 and 3).
 *
 * @param x (B, N, D).
 * @param first only the tokens from here on are made; 0 by default.
 * @returns (B, N - first, D).
 * @example
 * const next = runBlock(params.blocks[0], tokens, 3);
 */
export function runBlock({ norm1, attn, norm2, mlp }: Block, x: tf.Tensor, numHeads: number, first = 0): tf.Tensor {
  return tidy(() => {
    const kept = first === 0 ? x : tf.slice(x, [0, first, 0]);
    const attended = tf.add(kept, attend(attn, layerNorm(norm1, x), numHeads, first));
    return tf.add(attended, dense(mlp.fc2, denseGelu(mlp.fc1, layerNorm(norm2, attended))));
  });
}

/**
 * The encoder: all blocks, then the norm (Dosovitskiy et al. 2021, eq. 2 to 4).
 *
 * @param tokens (B, N, D), positions added, any N.
 * @param options heads, and which tokens are wanted.
 * @returns (B, N - first, D).
 * @example
 * const encoded = encode(params, tokens, { numHeads: 3 });
 */
export function encode(
  { blocks, norm }: Encoder,
  tokens: tf.Tensor,
  { numHeads, first = 0, remat: recomputes = false }: EncodeOptions,
): tf.Tensor3D {
  return tidy(() => {
    let x = tokens;
    for (const [i, block] of blocks.entries()) {
      const run = (params: Block, input: tf.Tensor): tf.Tensor =>
        runBlock(params, input, numHeads, i === blocks.length - 1 ? first : 0);
      x = recomputes ? remat(run, block, x) : run(block, x);
    }
    return layerNorm(norm, x) as tf.Tensor3D;
  });
}

/**
 * The output of every block, the last one through the final norm: the features of layer-wise probes.
 *
 * @param tokens (B, N, D).
 * @returns `depth` tensors (B, N, D), first block first.
 * @example
 * const layers = encodeLayers(params, tokens, { numHeads: 3 });
 */
export function encodeLayers(
  { blocks, norm }: Encoder,
  tokens: tf.Tensor,
  { numHeads }: Pick<EncoderOptions, 'numHeads'>,
): tf.Tensor3D[] {
  return tidy(() => {
    const outputs: tf.Tensor3D[] = [];
    let x = tokens;
    for (const block of blocks) outputs.push((x = runBlock(block, x, numHeads)) as tf.Tensor3D);
    return [...outputs.slice(0, -1), layerNorm(norm, x) as tf.Tensor3D];
  });
}
