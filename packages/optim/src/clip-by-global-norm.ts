import { asScalar, hasFused, leaves, mapTree, runFused, tidy, type Scalar, type Tree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Scales all gradients by one factor so that their common L2 norm is at most `maxNorm` (Pascanu et al. 2013, algorithm 1).
 *
 * The factor is maxNorm / norm when norm > maxNorm and exactly 1 otherwise, as fairseq's mixed-precision optimiser has it;
 * PyTorch's `clip_grad_norm_` adds 1e-6 to the norm. A gradient that is `null` counts as zero and stays `null`.
 *
 * @param grads gradients of any shapes, float32; borrowed.
 * @param maxNorm above 0; `Infinity` only measures.
 * @returns the scaled gradients and the norm before scaling, a scalar.
 * @throws Error when every gradient is `null` or maxNorm is not above 0.
 * @example
 * const { grads: clipped, norm } = clipByGlobalNorm(grads, 3);
 */
export function clipByGlobalNorm<G extends Tree<tf.Tensor | null>>(
  grads: G,
  maxNorm: Scalar,
): { readonly grads: G; readonly norm: tf.Scalar } {
  return tidy(() => {
    const { scale, norm } = globalNormScale(grads, maxNorm);
    return { grads: mapTree(grads, (grad) => tf.mul(grad, scale)), norm };
  });
}

/**
 * The factor by which {@link clipByGlobalNorm} multiplies, for an optimiser that takes it in its own pass
 * (`gradientScale` of {@link adamW}).
 *
 * @param grads a tree of gradients, float32; `null` where a parameter has none.
 * @param maxNorm above 0.
 * @returns `scale`, min(1, maxNorm / norm), and the `norm` before clipping.
 * @throws Error when every gradient is null or maxNorm is not above 0.
 * @example
 * const { scale, norm } = globalNormScale(grads, 3);
 */
export function globalNormScale<G extends Tree<tf.Tensor | null>>(
  grads: G,
  maxNorm: Scalar,
): { readonly scale: tf.Scalar; readonly norm: tf.Scalar } {
  if (typeof maxNorm === 'number' && !(maxNorm > 0)) {
    throw new Error(`globalNormScale: expected a maxNorm above 0, got ${maxNorm}; Infinity measures without clipping`);
  }
  return tidy(() => {
    const squares = leaves<tf.Tensor | null>(grads).flatMap(([, grad]) => (grad === null ? [] : [squaredSum(grad)]));
    if (squares.length === 0) {
      throw new Error(
        'globalNormScale: expected at least one gradient, all are null; does the loss use the parameters?',
      );
    }
    const norm = tf.sqrt(tf.sum(tf.stack(squares))) as tf.Scalar;
    // Without a branch, so that it can be compiled; a norm of 0 gives an infinite ratio and a factor of 1.
    return { scale: tf.minimum(tf.div(asScalar(maxNorm), norm), 1) as tf.Scalar, norm };
  });
}

function squaredSum(x: tf.Tensor): tf.Tensor {
  return hasFused('squaredSum') ? runFused('squaredSum', { x })[0] : tf.sum(tf.square(x));
}
