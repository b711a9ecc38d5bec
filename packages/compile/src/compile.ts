import { isRecording, leaves, mapTree, tidy, type TensorTree, type Tree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { nodeBackend, type NodeBackend } from './node-backend.js';
import { openGraph, type Graph } from './open-graph.js';
import type { Precision } from './saved-model.js';
import { readShapes, writeShapes } from './shape-cache.js';
import { isTracing, trace } from './trace.js';

/** A compiled function: called as the function it was made from. */
export interface Compiled<Args extends readonly Tree<tf.Tensor | number>[], Result extends TensorTree> {
  (...args: Args): Result;
  /** Frees its graphs; the next call compiles anew. */
  dispose(): void;
}

/** How {@link compile} compiles. */
export interface CompileOptions {
  /**
   * A folder that keeps the shapes of operations' results, so that the next process compiles without running any of
   * them. An entry names everything that its shapes depend on, so a stale one is not found. Nothing is kept by default.
   */
  readonly cacheFolder?: string | undefined;
  /**
   * `'bf16'` computes matrix products in bfloat16, with sums in float32; everything else, the fused attention of
   * `@audio-ssl/backend` included, stays in float32. Faster on processors with AMX and on GPUs, slower on others.
   * `'float32'` by default.
   */
  readonly precision?: Precision;
  /**
   * Positions of arguments that are given away: the call disposes their tensors, and updates (AdamW, averages) overwrite
   * their memory, so that a training step needs its state once and not twice. None by default.
   */
  readonly donate?: readonly number[];
}

type NamedTensor = readonly [path: string, leaf: tf.Tensor];

/**
 * Runs a pure function as one TensorFlow graph: the first call with new shapes runs it on tensors without values and
 * records its operations; this call and every later one is then a single call of a TensorFlow session. There is no
 * JavaScript and no garbage between operations, and TensorFlow reuses memory and runs independent operations side by
 * side.
 *
 * Every value that changes between calls must be an argument. A number among the arguments becomes a float32 tensor of
 * rank 0 before `fn` sees it, so that it may change, too: a parameter that is a number for the caller is a `Scalar` for
 * `fn`. A number or a tensor that is not an argument is a constant of the graph. The function may not read
 * values, and its side effects happen only in the first call of a signature. On a backend that has no
 * graphs (`wasm`, `cpu`) the function is called as it is, with the same tensors for numbers.
 *
 * @param fn from trees of tensors to a tree of tensors; it borrows its arguments.
 * @returns the compiled function; it borrows its arguments (except those of `donate`) and the caller disposes the result.
 * @throws Error at the first call, naming the line, when `fn` reads the value of a tensor, keeps one or changes a variable;
 * for arguments that are neither tensors nor numbers and results that are not tensors; inside a gradient.
 * @example
 * const step = compile((params: Params, batch: Batch, rate: Scalar) => update(params, batch, rate));
 * const next = step(params, batch, 1e-3);
 */
export function compile<Args extends readonly Tree<tf.Tensor | number>[], Result extends TensorTree>(
  fn: (...args: Args) => Result,
  { cacheFolder, precision = 'float32', donate = [] }: CompileOptions = {},
): Compiled<Args, Result> {
  const graphs = new Map<string, Graph>();
  const isDonated = ([path]: NamedTensor): boolean => donate.includes(Number(path.split('.')[0]));

  const call = (...args: Args): Result => {
    const scalars: tf.Tensor[] = [];
    try {
      return callWithTensors(lift(args, scalars));
    } finally {
      tf.dispose(scalars);
    }
  };

  const callWithTensors = (args: Args): Result => {
    const named = tensorsOf(args, 'argument');
    const backend = nodeBackend();
    // Inside a function that is being traced it is a part of that function.
    if (!backend || isTracing()) {
      const result = run(args);
      tf.dispose(named.filter(isDonated).map(([, leaf]) => leaf));
      return result;
    }
    if (isRecording()) {
      throw new Error('compile: a compiled function has no gradient; take the gradient inside the function');
    }
    // By path: two objects with the same keys in another order are the same argument.
    named.sort(([a], [b]) => (a < b ? -1 : 1));
    const signature = named.map(([path, { dtype, shape }]) => `${path}:${dtype}[${shape}]`).join(';');
    const graph = graphs.get(signature) ?? build(backend, args, named, signature);
    graphs.set(signature, graph);
    return graph.run(named.map(([, leaf]) => leaf)) as Result;
  };

  // An argument that comes back as it is comes back as a clone: the caller disposes results.
  const run = (args: Args): Result => {
    const owned = new Set(tensorsOf(args, 'argument').map(([, leaf]) => leaf));
    return tidy(() => {
      const result = fn(...args);
      tensorsOf(result, 'result');
      return mapTree(result, (leaf) => (owned.has(leaf) ? tf.clone(leaf) : leaf));
    });
  };

  function build(backend: NodeBackend, args: Args, named: readonly NamedTensor[], signature: string): Graph {
    const inputs = named.map(([, leaf]) => leaf);
    const shapes = cacheFolder === undefined ? new Map<string, never>() : readShapes(cacheFolder, signature, backend);
    const known = shapes.size;
    const donated = named.flatMap((argument, i) => (isDonated(argument) ? [i] : []));
    let template: unknown;
    const traced = trace(
      backend,
      inputs,
      (placeholders) => {
        const byPath = new Map(named.map(([path], i) => [path, placeholders[i]!]));
        const result = run(mapTree<unknown, tf.Tensor>(args, (_, path) => byPath.get(path)!) as Args);
        template = mapTree(result, (_, path) => path);
        return leaves(result).map(([, leaf]) => leaf);
      },
      shapes,
    );
    if (cacheFolder !== undefined && shapes.size > known) writeShapes(cacheFolder, signature, backend, shapes);
    return openGraph(backend, traced, template, { precision, donated });
  }

  const dispose = (): void => {
    for (const graph of graphs.values()) graph.dispose();
    graphs.clear();
  };
  return Object.assign(call, { dispose });
}

/** The tree with scalar tensors in place of its numbers; they are added to `made`. */
function lift<T extends Tree<tf.Tensor | number>>(tree: T, made: tf.Tensor[]): T {
  return mapTree<unknown, unknown>(tree, (leaf) => {
    if (typeof leaf !== 'number') return leaf;
    const scalar = tf.scalar(leaf, 'float32');
    made.push(scalar);
    return scalar;
  }) as T;
}

function tensorsOf(tree: Tree<unknown>, what: 'argument' | 'result'): NamedTensor[] {
  return leaves(tree).map(([path, leaf]) => {
    if (leaf instanceof tf.Tensor) return [path, leaf];
    const which = path === '' ? `the ${what}` : `the ${what} '${path}'`;
    const got = leaf === null ? 'null' : `a value of type ${typeof leaf}`;
    throw new Error(
      what === 'argument'
        ? `compile: expected ${which} to be a tensor or a number, got ${got}; leave it out of the arguments`
        : `compile: expected ${which} to be a tensor, got ${got}; make it one, as tf.scalar does of a number`,
    );
  });
}
