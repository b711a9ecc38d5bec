import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, Binding, NodeBackend, TensorMetadata } from './node-backend.js';
import { place, refusal } from './refuse.js';

/** One operation of a trace; tensors are named by ids. */
export interface TracedOperation {
  readonly op: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** A tensor whose value does not change from call to call. */
export interface TracedConstant {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Shape and type of a tensor that has no value yet. */
export type TensorType = Pick<tf.TensorInfo, 'shape' | 'dtype'>;

/** Everything that a function does with tensors. */
export interface Trace {
  /** Ids of the arguments, in order. */
  readonly inputs: readonly number[];
  /** Ids of the results, in order. */
  readonly results: readonly number[];
  readonly operations: readonly TracedOperation[];
  /** Arguments and what operations made, by id. */
  readonly tensors: ReadonlyMap<number, TensorType>;
  /** Constants by id: tensors made from numbers inside the function, and captured ones. */
  readonly constants: ReadonlyMap<number, TracedConstant>;
}

/** The shapes of an operation's results for inputs of given shapes; the key names everything that they depend on. */
export type KnownShapes = Map<string, readonly Omit<TensorMetadata, 'id'>[]>;

/** Constants up to this size are part of an operation's key by value: shapes, axes, permutations. */
const SMALL = 64;

/** TensorFlow's operations that no graph can hold, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  Multinomial: 'draws random numbers, anew in every call; draw outside and pass what was drawn as an argument',
  ...Object.fromEntries(
    ['UniqueV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV5', 'SparseFillEmptyRows'].map((op) => [
      op,
      'gives a shape that depends on values, which are not known yet; call it outside',
    ]),
  ),
};

let tracing = false;

/** Whether a function is being traced; a compiled function that it calls is then a part of it. */
export function isTracing(): boolean {
  return tracing;
}

/**
 * Runs `f` once with tensors that have a shape and no values, and records every operation that it sends to
 * TensorFlow. The shape of an operation's result is found by running it alone, once for inputs of the same shapes, on zeros;
 * so a trace needs the memory of its largest operation, not that of the whole function.
 *
 * @param arguments_ tensors for which `f` gets tensors without values; they are the inputs of the graph.
 * @param f gets those, in the same order, and returns the results; it is run in a `tidy`.
 * @param shapes known from earlier traces; what is found is added.
 * @throws Error naming the line, when `f` reads the value of a tensor that was computed (what depends on it would be
 * frozen), keeps such a tensor, or changes a variable.
 */
export function trace(
  backend: NodeBackend,
  arguments_: readonly tf.Tensor[],
  f: (placeholders: readonly tf.Tensor[]) => readonly tf.Tensor[],
  shapes: KnownShapes,
): Trace {
  const operations: TracedOperation[] = [];
  const constants = new Map<number, TracedConstant>();
  const { binding } = backend;
  const getInputTensorIds = backend.getInputTensorIds.bind(backend);
  // Ids of tensors without values are below -1, where the binding has none; tfjs-node uses -1 for values that TensorFlow
  // does not have yet.
  const known = new Map<number, TensorType>();
  let made = -1;
  const hasNoValue = ({ dataId }: { readonly dataId: object }): boolean =>
    backend.tensorMap.has(dataId) && known.has(backend.tensorMap.get(dataId).id);

  // Thrown at the end, too, in case the function catches everything or does not await a promise.
  let refused: Error | undefined;
  const refuse = (message: string): never => {
    refused ??= refusal(message);
    throw refused;
  };

  const describe = (id: number): string => {
    const { shape, dtype } = known.get(id) ?? constants.get(id)!;
    const values = constants.get(id)?.values;
    return `${dtype}[${shape}]${values && values.length <= SMALL ? `=${values}` : ''}`;
  };
  const infer = (op: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number) => {
    const key = `${op}${JSON.stringify(attributes)}${ids.map(describe)}`;
    const found = shapes.get(key) ?? runAlone(op, attributes, ids, outputs);
    shapes.set(key, found);
    return found;
  };
  const runAlone = (op: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number) => {
    const temporary: number[] = [];
    try {
      const operands = ids.map((id) => {
        if (constants.has(id)) return id;
        const { shape, dtype } = known.get(id)!;
        const zeros = binding.createTensor(shape, typeOf(dtype, binding), emptyArray(dtype, shape));
        temporary.push(zeros);
        return zeros;
      });
      const results = binding.executeOp(op, attributes, operands, outputs);
      temporary.push(...results.map(({ id }) => id));
      return results.map(({ shape, dtype }) => ({ shape, dtype }));
    } finally {
      for (const id of temporary) binding.deleteTensor(id);
    }
  };

  const recording = Object.create(binding) as Binding;
  Object.defineProperties(recording, {
    executeOp: {
      value: (op: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number) => {
        if (REFUSED[op]) refuse(`${op} ${REFUSED[op]}`);
        const results = infer(op, attributes, ids, outputs).map((result) => ({ ...result, id: --made }));
        for (const { id, shape, dtype } of results) known.set(id, { shape, dtype: nameOf(dtype, binding) });
        operations.push({ op, attributes, inputs: [...ids], outputs: results.map(({ id }) => id) });
        return results;
      },
    },
    // Only tfjs-node's own check of indices (gather) comes here; no result depends on it.
    tensorDataSync: {
      value: (id: number) => {
        const { dtype, shape } = known.get(id) ?? {};
        return dtype && shape ? emptyArray(dtype, shape) : binding.tensorDataSync(id);
      },
    },
    deleteTensor: { value: (id: number) => (id < 0 ? undefined : binding.deleteTensor(id)) },
  });

  const constantIds: NodeBackend['getInputTensorIds'] = (tensors) => {
    const ids = getInputTensorIds(tensors);
    for (const [i, id] of ids.entries()) {
      if (known.has(id) || constants.has(id)) continue;
      const { shape, dtype } = tensors[i]!;
      if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
        refuse(`the function uses a constant of type ${dtype}; only float32, int32 and bool are compiled`);
      }
      constants.set(id, { shape: [...shape], dtype, values: binding.tensorDataSync(id) });
    }
    return ids;
  };

  const engine = tf.engine();
  const [readSync, read, keep, disposeTensor] = [
    engine.readSync.bind(engine),
    engine.read.bind(engine),
    engine.keep.bind(engine),
    engine.disposeTensor.bind(engine),
  ];
  const requireValue = (dataId: object): void => {
    if (hasNoValue({ dataId })) {
      refuse(
        'the function reads the value of a tensor (data() or dataSync()), which would freeze it into the graph; return the tensor instead and read it outside',
      );
    }
  };
  const noVariables = (): never =>
    refuse(
      'the function makes or changes a tf.Variable, which would happen in its first call only; take the value as an argument and return the new one',
    );
  const kept = new Map<tf.Tensor, Error>();

  tracing = true;
  const restore = [
    replace(backend, { binding: recording, getInputTensorIds: constantIds }),
    replace(engine, {
      readSync: (dataId) => (requireValue(dataId), readSync(dataId)),
      read: (dataId) => (requireValue(dataId), read(dataId)),
      keep: (tensor) => (kept.set(tensor, place()), keep(tensor)),
      makeVariable: noVariables,
      disposeTensor: (tensor) => (tensor instanceof tf.Variable ? noVariables() : disposeTensor(tensor)),
    }),
  ];
  try {
    const traced = tf.tidy(() => {
      const placeholders = arguments_.map(({ shape, dtype }) => {
        const id = --made;
        known.set(id, { shape, dtype });
        return backend.createOutputTensor({ id, shape: [...shape], dtype: typeOf(dtype, binding) });
      });
      const inputs = backend.getInputTensorIds(placeholders);
      const results = backend.getInputTensorIds(f(placeholders));
      return { inputs, results, operations, tensors: known, constants } as unknown as tf.TensorContainer;
    }) as unknown as Trace;
    if (refused) throw refused;
    for (const [tensor, where] of kept) {
      if (tensor.isDisposed || !hasNoValue(tensor)) continue;
      throw refusal(
        'the function keeps a tensor (tf.keep) that has a value only inside the graph; return it instead',
        where,
      );
    }
    return traced;
  } finally {
    for (const put of restore) put();
    tf.dispose([...kept.keys()].filter((tensor) => !tensor.isDisposed && hasNoValue(tensor)));
    tracing = false;
  }
}

/** Replaces methods of an object; the function that is returned restores them. */
function replace<T extends object>(target: T, methods: Partial<T>): () => void {
  const before = Object.keys(methods).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  Object.assign(target, methods);
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(target, name, descriptor);
      else delete target[name as keyof T];
    }
  };
}

function emptyArray(dtype: tf.DataType, shape: readonly number[]): Float32Array | Int32Array | Uint8Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return dtype === 'float32' ? new Float32Array(size) : dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

const NAMES = ['float32', 'int32', 'bool'] as const;

function typeOf(dtype: tf.DataType, { TF_FLOAT, TF_INT32, TF_BOOL }: Binding): number {
  return dtype === 'float32' ? TF_FLOAT : dtype === 'int32' ? TF_INT32 : TF_BOOL;
}

function nameOf(type: number, binding: Binding): tf.DataType {
  const name = NAMES.find((candidate) => typeOf(candidate, binding) === type);
  if (!name) {
    throw new Error(`compile: an operation gives a tensor of type ${type}; only float32, int32 and bool are compiled`);
  }
  return name;
}
