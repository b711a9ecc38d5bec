import * as tf from '@tensorflow/tfjs-core';
import { after } from './fused-operations.js';
import { tidy } from './tidy.js';
import { leaves, mapTree, type TensorTree } from './tree.js';

/**
 * f(params, x) that keeps only its inputs for the gradient and computes the rest a second time there (Chen et al. 2016,
 * "Training deep nets with sublinear memory cost"): less memory, one more forward pass.
 *
 * @param f pure, from a tree of parameters and a tensor to a tensor; anything else that it uses receives no gradient.
 * @returns what f returns, with the same gradients.
 * @example
 * const y = remat((block, tokens) => runBlock(block, tokens, 3), block, x);
 */
export function remat<P extends TensorTree>(
  f: (params: P, x: tf.Tensor) => tf.Tensor,
  params: P,
  x: tf.Tensor,
): tf.Tensor {
  const call = (inputs: readonly tf.Tensor[]): tf.Tensor => {
    const rest = inputs.slice(1).values();
    return f(
      mapTree(params, () => rest.next().value!),
      inputs[0]!,
    );
  };
  const op = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const inputs = args.slice(0, -1) as tf.Tensor[];
    save(inputs);
    return {
      value: call(inputs),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const { state } = tf.engine();
        // A gradient inside a gradient's backward pass: the outer tape is put aside, as the engine clears it.
        const outer = state.activeTape;
        try {
          const again = saved.map((tensor) => after(tensor, dy));
          return tf.engine().gradients(() => call(again), again, dy, true).grads;
        } finally {
          state.activeTape = outer;
        }
      },
    };
  });
  return tidy(() => op(x, ...leaves(params).map(([, leaf]) => leaf)));
}
