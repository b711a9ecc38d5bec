import * as tf from '@tensorflow/tfjs-core';
import { after } from './fused-operations.js';
import { tidy } from './tidy.js';
import { disposeTree, leaves, mapTree, zipTrees, type TensorTree, type Tree } from './tree.js';

/**
 * The mean of `pass(part)` over the parts, leaf by leaf: gradients of a batch with the memory of one part (gradient
 * accumulation). Where all parts are of equal size and `pass` takes means, it is what one pass over the whole would give.
 *
 * One part follows the other, in a compiled graph too: there the float32 tensors of a part wait for the first tensor of
 * the result before, so let the result begin with what is computed last, the gradients.
 *
 * @param parts one or more trees of tensors; borrowed.
 * @param pass from a part to a tree of tensors, or of `null` where there is none (a gradient that does not exist).
 * @returns a tree as `pass` returns it; `null` stays `null`.
 * @throws Error without parts, and when results differ in structure or in which leaves are `null`.
 * @example
 * const { grads, loss } = accumulate(parts, (part) => {
 *   const { value, grads } = valueAndGrad((p) => ({ value: lossOf(p, part), aux: {} }), params);
 *   return { grads, loss: value };
 * });
 */
export function accumulate<Part extends TensorTree, Result extends Tree<tf.Tensor | null>>(
  parts: readonly Part[],
  pass: (part: Part) => Result,
): Result {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error('accumulate: expected one part or more, got none; split the batch first');
  if (rest.length === 0) return tidy(() => pass(first));
  return tidy(() => {
    let sum = tidy(() => pass(first));
    for (const [i, part] of rest.entries()) {
      const next = tidy(() => add(sum, pass(delay(part, sum))));
      // The first sum may hold tensors that `pass` was given; later ones are all ours.
      if (i > 0) disposeTree(sum);
      sum = next;
    }
    return mapTree(sum, (leaf) => tf.div(leaf, parts.length));
  });
}

/** The part, once the first tensor of the result before is there. */
function delay<Part extends TensorTree>(part: Part, result: Tree<tf.Tensor | null>): Part {
  const trigger = leaves(result).find(([, leaf]) => leaf?.dtype === 'float32')?.[1];
  return mapTree(part, (leaf) => (trigger && leaf.dtype === 'float32' ? after(leaf, trigger) : leaf));
}

function add<Result extends Tree<tf.Tensor | null>>(sum: Result, result: Result): Result {
  const absent = (tree: Result): string => String(leaves(tree).flatMap(([path, leaf]) => (leaf === null ? path : [])));
  if (absent(sum) !== absent(result)) {
    throw new Error(
      `accumulate: expected null at the same leaves for every part, got '${absent(sum)}' and '${absent(result)}'; does pass depend on the values?`,
    );
  }
  return zipTrees([sum, result], ([a, b]) => tf.add(a, b!));
}
