import { leaves, type TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** Disposes the tensors in `old` that are not in `kept` too: a step may hand on what it leaves unchanged. */
export function disposeExcept(old: readonly unknown[], kept: TensorTree | null): void {
  const alive = new Set<unknown>(kept === null ? [] : leaves(kept).map(([, leaf]) => leaf));
  const visit = (value: unknown): void => {
    if (value instanceof tf.Tensor) {
      if (!alive.has(value)) value.dispose(); // twice does no harm
    } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
      Object.values(value).forEach(visit);
    }
  };
  old.forEach(visit);
}
