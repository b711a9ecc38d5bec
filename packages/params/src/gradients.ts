import * as tf from '@tensorflow/tfjs-core';
import { tidy } from './tidy.js';
import { leaves, mapTree, type MapLeaves, type TensorTree } from './tree.js';

/** Gradients in the shape of the parameters; `null` where the value does not depend on a parameter. */
export type Gradients<T> = MapLeaves<T, tf.Tensor | null>;

/**
 * The value of a scalar function of a parameter tree, its auxiliary results (`aux`) and its gradients. All other tensors
 * that `f` makes are disposed.
 *
 * @param f returns the `value` to differentiate, a tensor of rank 0, and `aux`, a tree of tensors without gradient.
 * @param params tree of float32 tensors; borrowed.
 * @throws Error when the value is not a scalar, or depends on no parameter at all.
 * @example
 * const { value, aux, grads } = valueAndGrad((p) => ({ value: tf.mean(tf.square(p.w)), aux: {} }), { w });
 */
export function valueAndGrad<P extends TensorTree, A extends TensorTree>(
  f: (params: P) => { readonly value: tf.Tensor; readonly aux: A },
  params: P,
): { value: tf.Scalar; aux: A; grads: Gradients<P> } {
  return tidy(() => {
    const inputs = leaves(params).map(([, leaf]) => leaf);
    const held: { aux?: A } = {};
    const { value, grads } = tf.engine().gradients(
      () => {
        const result = f(params);
        if (result.value.rank !== 0) {
          throw new Error(
            `valueAndGrad: expected a scalar value, got shape [${result.value.shape}]; take its mean or sum`,
          );
        }
        held.aux = result.aux;
        // The tape's scope would dispose what only `aux` holds.
        for (const [, leaf] of leaves(result.aux)) tf.keep(leaf);
        return result.value;
      },
      inputs,
      undefined,
      true,
    );
    const kept = held.aux!;
    const aux = mapTree(kept, (leaf) => tf.clone(leaf));
    // A tensor that the caller owns (a parameter passed through) stays; only those made here are disposed.
    const owned = new Set(inputs);
    for (const [, leaf] of leaves(kept)) if (!owned.has(leaf)) leaf.dispose();
    if (grads.every((grad) => grad == null)) {
      throw new Error('valueAndGrad: the value depends on no parameter; does f use the params it is given?');
    }
    const rest = grads.values();
    return { value: value as tf.Scalar, aux, grads: mapTree(params, () => rest.next().value ?? null) };
  });
}

/**
 * Runs `f` with the gradient tape off: its results are constants for every gradient taken around it
 * (targets, masks, weights that must not receive a gradient).
 *
 * @example
 * const weights = noGrad(() => tf.softmax(tf.neg(distances)));
 */
export function noGrad<T>(f: () => T): T {
  // The tape records a kernel only at depth 0 (TensorFlow.js has no public way to pause it).
  const state = tf.engine().state;
  state.kernelDepth++;
  try {
    return tidy(f);
  } finally {
    state.kernelDepth--;
  }
}
