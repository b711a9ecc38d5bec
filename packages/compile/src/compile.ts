import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaves, mapTree, tidy, type TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { nodeBackend, type Binding, type NodeBackend } from './node-backend.js';
import { savedModel } from './saved-model.js';
import { trace } from './trace.js';

/** A compiled function: called as the function it was made from. */
export interface Compiled<Args extends readonly TensorTree[], Result extends TensorTree> {
  (...args: Args): Result;
  /** Frees its graphs; the next call compiles anew. */
  dispose(): void;
}

/** One compiled signature. */
interface Graph<Result> {
  readonly run: (inputs: readonly tf.Tensor[]) => Result;
  readonly dispose: () => void;
}

/**
 * Runs a pure function as one TensorFlow graph: the first call with new shapes runs it as it is and writes down its
 * operations, every later one is a single call of a TensorFlow session. There is no JavaScript and no garbage between
 * operations, and TensorFlow reuses memory and runs independent operations side by side.
 *
 * Every value that changes between calls must be an argument, as a tensor: a number or a tensor from outside is a
 * constant of the graph. The function may not read values, and what it does beside making tensors happens only in the
 * first call of a signature. On a backend that has no graphs (`wasm`, `cpu`) the function is called as it is.
 *
 * @param fn from trees of tensors to a tree of tensors; it borrows its arguments.
 * @returns the compiled function; it borrows its arguments and the caller disposes the result.
 * @throws Error at the first call when `fn` reads the value of a tensor.
 * @example
 * const step = compile((params, batch, rate) => update(params, batch, rate));
 * const next = step(params, batch, { learningRate: tf.scalar(1e-3) });
 */
export function compile<Args extends readonly TensorTree[], Result extends TensorTree>(
  fn: (...args: Args) => Result,
): Compiled<Args, Result> {
  const graphs = new Map<string, Graph<Result>>();

  const call = (...args: Args): Result => {
    // By path: two objects with the same keys in another order are the same argument.
    const named = leaves(args as TensorTree).sort(([a], [b]) => (a < b ? -1 : 1));
    const inputs = named.map(([, leaf]) => leaf);
    // An argument that comes back as it is comes back as a clone: the caller disposes results.
    const owned = new Set(inputs);
    const run = (): Result => tidy(() => mapTree(fn(...args), (leaf) => (owned.has(leaf) ? tf.clone(leaf) : leaf)));
    const backend = nodeBackend();
    if (!backend) return run();
    // Clones share one value, and a graph traced with them would use it for both: sharing is part of the signature.
    const firstWith = new Map<number, number>();
    const signature = backend
      .getInputTensorIds(inputs)
      .map((id, i) => {
        if (!firstWith.has(id)) firstWith.set(id, i);
        const [path, { dtype, shape }] = named[i]!;
        return `${path}:${dtype}[${shape}]${firstWith.get(id)}`;
      })
      .join(';');
    const graph = graphs.get(signature);
    if (graph) return graph.run(inputs);
    const first = build(backend, run, inputs);
    graphs.set(signature, first.graph);
    return first.result;
  };

  const dispose = (): void => {
    for (const graph of graphs.values()) graph.dispose();
    graphs.clear();
  };
  return Object.assign(call, { dispose });
}

function build<Result extends TensorTree>(
  backend: NodeBackend,
  fn: () => Result,
  inputs: readonly tf.Tensor[],
): { result: Result; graph: Graph<Result> } {
  const { binding } = backend;
  const inputIds = backend.getInputTensorIds(inputs);
  const argument = new Map(inputIds.map((id, i) => [id, i]));
  const { result, trace: traced } = trace(
    backend,
    (id) => argument.has(id),
    () => tidy(fn),
  );

  const produced = new Set(traced.operations.flatMap(({ outputs }) => outputs));
  const results = leaves(result).map(([path, leaf]) => {
    const [id] = backend.getInputTensorIds([leaf]) as [number];
    if (!argument.has(id) && !produced.has(id)) {
      throw new Error(
        `compile: the result '${path}' depends on no argument; leave it out of the function, it is a constant`,
      );
    }
    return { id, dtype: leaf.dtype };
  });
  // An argument that is returned as it is needs no graph: a clone shares its values.
  const computed = results.filter(({ id }) => !argument.has(id));
  const ports = {
    inputs: inputs.map(({ dtype, shape }, i) => ({ id: inputIds[i]!, dtype, shape })),
    outputs: computed,
  };
  const session = load(savedModel(traced, ports, binding), binding);
  const inputNames = inputs.map((_, i) => `in${i}:0`).join(',');
  const outputNames = computed.map((_, i) => `out${i}:0`).join(',');
  // Structure only: the tensors of the first call are the caller's.
  const template = mapTree(result, (_, path) => path);

  return {
    result,
    graph: {
      run: (next) => {
        const ids = backend.getInputTensorIds(next);
        const made = binding
          .runSavedModel(session, ids, inputNames, outputNames)
          .map((metadata) => backend.createOutputTensor(metadata));
        let taken = 0;
        const values = results.map(({ id }) => {
          const index = argument.get(id);
          return index === undefined ? made[taken++]! : tf.clone(next[index]!);
        });
        let at = 0;
        return rebuild(template, () => values[at++]!) as Result;
      },
      dispose: () => binding.deleteSavedModel(session),
    },
  };
}

function load(bytes: Uint8Array, binding: Binding): number {
  const folder = mkdtempSync(join(tmpdir(), 'audio-ssl-compile-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), bytes);
    return binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rebuild(template: unknown, next: () => tf.Tensor): unknown {
  if (typeof template !== 'object' || template === null) return next();
  if (Array.isArray(template)) return template.map((child) => rebuild(child, next));
  return Object.fromEntries(Object.entries(template).map(([name, child]) => [name, rebuild(child, next)]));
}
