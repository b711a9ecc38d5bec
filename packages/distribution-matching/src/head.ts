import { dense, denseGelu, initDense, l2Normalize, type Dense } from '@audio-ssl/layers';
import { ones, tidy, truncatedNormal, uniform, zeros, type Random } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The parameters of a projection head: an MLP with a GELU between its layers, and a weight-normed last layer of directions
 * `weight_v` (bottleneck, K) and lengths `weight_g` (K, 1), named as in DINO.
 */
export type Head = {
  readonly mlp: readonly Dense[];
  readonly last_layer: { readonly weight_g: tf.Tensor; readonly weight_v: tf.Tensor };
};

/** The sizes of a head and the distribution of its MLP's first weights. */
export interface HeadOptions {
  /** Width of the latents. */
  readonly inputDim: number;
  /** Width between the layers of the MLP; 2048 by default. */
  readonly hiddenDim?: number;
  /** Width of the L2-normalised bottleneck; 256 by default. */
  readonly bottleneckDim?: number;
  /** Number of pseudo-classes, K; 2048 by default. */
  readonly pseudoClasses?: number;
  /** Layers of the MLP, 1 or more, the last one narrowing to the bottleneck; 3 by default (DINO, appendix C, projection head). */
  readonly depth?: number | undefined;
  /**
   * The kernels of the MLP: Xavier uniform (`'xavier'`, the default; MATPAC's student), or normal with standard deviation 0.02
   * (`'truncatedNormal'`; DINO's heads, MATPAC's teacher).
   */
  readonly mlpWeights?: 'xavier' | 'truncatedNormal';
}

/**
 * A projection head before training (DINO, Caron et al. 2021, section 3.1, network architecture): biases 0,
 * `weight_v` uniform within ±1/√bottleneck, `weight_g` 1.
 *
 * MATPAC's student and teacher start with different MLPs and the same last layer: clone the student's `last_layer` for the teacher.
 *
 * @param random uniform numbers in [0, 1).
 * @throws Error for a size that is not a whole number above 0.
 * @example
 * const head = initHead({ inputDim: 192, hiddenDim: 512, pseudoClasses: 2048 }, random);
 */
export function initHead(
  {
    inputDim,
    hiddenDim = 2048,
    bottleneckDim = 256,
    pseudoClasses = 2048,
    depth = 3,
    mlpWeights = 'xavier',
  }: HeadOptions,
  random: Random,
): Head {
  for (const [name, size] of Object.entries({ inputDim, hiddenDim, bottleneckDim, pseudoClasses, depth })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new Error(
        `initHead: expected ${name} to be a whole number above 0, got ${size}; it is ${name === 'depth' ? 'a number of layers' : 'a width in channels'}`,
      );
    }
  }
  if (mlpWeights !== 'xavier' && mlpWeights !== 'truncatedNormal') {
    throw new Error(
      `initHead: expected mlpWeights 'xavier' or 'truncatedNormal', got ${String(mlpWeights)}; 'xavier' is the default`,
    );
  }
  const layer = (from: number, to: number): Dense =>
    mlpWeights === 'xavier'
      ? initDense(from, to, random)
      : { kernel: truncatedNormal([from, to], 0.02, random), bias: zeros([to]) };
  const widths = [inputDim, ...Array.from({ length: depth - 1 }, () => hiddenDim), bottleneckDim];
  return {
    mlp: widths.slice(1).map((width, i) => layer(widths[i]!, width)),
    last_layer: {
      weight_g: ones([pseudoClasses, 1]),
      weight_v: uniform([bottleneckDim, pseudoClasses], 1 / Math.sqrt(bottleneckDim), random),
    },
  };
}

/**
 * The logits of every latent over the pseudo-classes: x the MLP's output, logit_k = g_k (v_k / ‖v_k‖) · (x / ‖x‖), so within
 * ±g_k (DINO, section 3.1; weight normalisation, Salimans & Kingma 2016, eq. 2).
 *
 * @param head from {@link initHead}; an MLP of any number of layers.
 * @param latents (..., D), as a rule (B, M, D).
 * @returns (..., K).
 * @throws Error when the width of the latents is not the head's.
 * @example
 * const logits = project(head, latents); // (B, M, 192) -> (B, M, 2048)
 */
export function project(head: Head, latents: tf.Tensor): tf.Tensor {
  const { weight_g: lengths, weight_v: directions } = head.last_layer;
  const [bottleneckDim, pseudoClasses] = directions.shape as [number, number];
  return tidy(() => {
    const hidden = head.mlp.reduce(
      (x, layer, i) => (i < head.mlp.length - 1 ? denseGelu(layer, x) : dense(layer, x)),
      latents,
    );
    const unit = l2Normalize(tf.reshape(hidden, [-1, bottleneckDim])); // (B M, bottleneck)
    // Normalising the weights costs bottleneck x K, scaling the logits would cost B M x K.
    const weights = tf.mul(l2Normalize(directions, { axis: 0 }), tf.reshape(lengths, [1, pseudoClasses]));
    return tf.reshape(tf.matMul(unit, weights), [...latents.shape.slice(0, -1), pseudoClasses]);
  });
}
