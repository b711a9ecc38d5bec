import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { inPlace } from './in-place.js';
import type { NodeBackend } from './node-backend.js';
import { savedModel, type Precision } from './saved-model.js';
import type { Trace } from './trace.js';

/** One compiled signature. */
export interface Graph {
  readonly run: (inputs: readonly tf.Tensor[]) => TensorTree;
  readonly dispose: () => void;
}

/**
 * A trace as a TensorFlow session.
 *
 * @param traced what the function does.
 * @param template a tree whose leaves are the paths of the results.
 * @param options the type of matrix products, and the positions of the arguments that are given away.
 * @throws Error when a result depends on no argument.
 */
export function openGraph(
  backend: NodeBackend,
  traced: Trace,
  template: unknown,
  { precision, donated }: { readonly precision: Precision; readonly donated: readonly number[] },
): Graph {
  const { binding } = backend;
  const argument = new Map(traced.inputs.map((id, i) => [id, i]));
  const paths: string[] = [];
  rebuild(template, (path) => paths.push(path));
  for (const [i, id] of traced.results.entries()) {
    if (traced.constants.has(id)) {
      throw new Error(
        `compile: the result '${paths[i]}' depends on no argument; leave it out of the function, it is a constant`,
      );
    }
  }
  // An argument that is returned as it is needs no graph: a clone shares its values.
  const computed = traced.results.filter((id) => !argument.has(id));
  const { updates, overwritten, own } = inPlace(traced, new Set(donated.map((index) => traced.inputs[index]!)));
  const session =
    computed.length === 0 ? undefined : load(savedModel(traced, computed, binding, { precision, updates }));
  // Memory that nobody else holds: what this graph itself has made.
  const ours = new WeakSet<object>();
  const inputNames = traced.inputs.map((_, i) => `in${i}:0`).join(',');
  const outputNames = computed.map((_, i) => `out${i}:0`).join(',');

  return {
    run: (given) => {
      const dataIds = given.map(({ dataId }) => dataId);
      const twice = new Set(dataIds.filter((dataId, i) => dataIds.indexOf(dataId) !== i));
      const next = given.map((leaf, i) => (overwritten.has(traced.inputs[i]!) ? owned(leaf, twice) : leaf));
      const made =
        session === undefined
          ? []
          : binding
              .runSavedModel(session, backend.getInputTensorIds(next), inputNames, outputNames)
              .map((metadata) => backend.createOutputTensor(metadata));
      let taken = 0;
      const values = traced.results.map((id) => {
        const index = argument.get(id);
        return index === undefined ? made[taken++]! : tf.clone(next[index]!);
      });
      for (const index of donated) tf.dispose([next[index]!, given[index]!]);
      for (const [i, { dataId }] of made.entries()) if (own.has(computed[i]!)) ours.add(dataId);
      let at = 0;
      return rebuild(template, () => values[at++]!) as TensorTree;
    },
    dispose: () => {
      if (session !== undefined) binding.deleteSavedModel(session);
    },
  };

  // One after the other, so that at most one tensor exists twice at a time; one that is given twice is still needed.
  function owned(leaf: tf.Tensor, twice: ReadonlySet<object>): tf.Tensor {
    const again = twice.has(leaf.dataId);
    if (!again && ours.has(leaf.dataId) && backend.refCount(leaf.dataId) === 1) return leaf;
    const attribute = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    const copy = backend.executeSingleOutput('DeepCopy', [attribute], [leaf]);
    if (!again) leaf.dispose();
    return copy;
  }

  function load(bytes: Uint8Array): number {
    const folder = mkdtempSync(join(tmpdir(), 'audio-ssl-compile-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), bytes);
      return binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function rebuild(template: unknown, leaf: (path: string) => unknown): unknown {
  if (typeof template === 'string') return leaf(template);
  if (Array.isArray(template)) return template.map((child) => rebuild(child, leaf));
  return Object.fromEntries(Object.entries(template as object).map(([name, child]) => [name, rebuild(child, leaf)]));
}
