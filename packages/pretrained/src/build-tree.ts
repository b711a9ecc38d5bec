import type { TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

type Branch = { [name: string]: Branch | tf.Tensor };

/** The tree of leaves by path; a branch whose names are 0, 1, 2, ... becomes a list. */
export function buildTree(leaves: ReadonlyMap<string, tf.Tensor>): TensorTree {
  const root: Branch = {};
  for (const [path, leaf] of leaves) {
    const names = path.split('.');
    const last = names.pop()!;
    let branch = root;
    for (const name of names) branch = (branch[name] ??= {}) as Branch;
    branch[last] = leaf;
  }
  return listed(root);
}

function listed(node: Branch | tf.Tensor): TensorTree {
  if (node instanceof tf.Tensor) return node;
  const entries = Object.entries(node).map(([name, child]) => [name, listed(child)] as const);
  if (entries.every(([name], i) => name === String(i))) return entries.map(([, child]) => child);
  return Object.fromEntries(entries);
}
