import { leaves, mapTree, type TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { toTensor } from './safetensors.js';
import type { SafetensorsEntry } from './tensor-file.js';

/**
 * A tree of new tensors in the structure of a template, its leaves read one after the other; the tensors belong to the
 * caller. When a read fails, those that were made are disposed.
 *
 * @param template its leaves are handed to `read`, and borrowed.
 * @param read the array or the new tensor at a path.
 * @throws what `read` throws.
 * @example
 * const model = await readTree(template, (path) => file.read(path));
 */
export async function readTree<T extends TensorTree>(
  template: T,
  read: (path: string, leaf: tf.Tensor) => SafetensorsEntry | tf.Tensor | Promise<SafetensorsEntry | tf.Tensor>,
): Promise<T> {
  const made = new Map<string, tf.Tensor>();
  try {
    for (const [path, leaf] of leaves(template)) {
      const found = await read(path, leaf);
      made.set(path, found instanceof tf.Tensor ? found : toTensor(found));
    }
  } catch (error) {
    tf.dispose([...made.values()]);
    throw error;
  }
  return mapTree(template, (_, path) => made.get(path)!);
}
