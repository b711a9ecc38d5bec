import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, Binding, NodeBackend } from './node-backend.js';

/** One operation of a trace; tensors are named by the ids that the binding gave them. */
export interface TracedOperation {
  readonly op: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Data type of the first input, where it has one. */
  readonly inputType: tf.DataType | undefined;
}

/** A tensor whose value does not change from call to call. */
export interface TracedConstant {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Everything that a function did with tensors. */
export interface Trace {
  readonly operations: readonly TracedOperation[];
  /** Constants by id: tensors made from numbers inside the function, and captured ones. */
  readonly constants: ReadonlyMap<number, TracedConstant>;
}

/**
 * Runs `f` once and writes down every operation that it sends to TensorFlow.
 *
 * @param isArgument tells the ids of arguments, which stay open in the graph.
 * @throws Error when `f` reads the value of a tensor that was computed: what depends on it would be frozen.
 */
export function trace<T>(
  backend: NodeBackend,
  isArgument: (id: number) => boolean,
  f: () => T,
): { result: T; trace: Trace } {
  const operations: TracedOperation[] = [];
  const constants = new Map<number, TracedConstant>();
  const produced = new Set<number>();
  const typeOf = new Map<number, tf.DataType>();
  const { binding } = backend;
  const getInputTensorIds = backend.getInputTensorIds.bind(backend);

  const recording: Binding = Object.assign(Object.create(binding) as Binding, {});
  Object.defineProperties(recording, {
    executeOp: {
      value: (op: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number) => {
        const made = binding.executeOp(op, attributes, inputs, outputs);
        const ids = made.map(({ id }) => id);
        for (const id of ids) produced.add(id);
        operations.push({ op, attributes, inputs: [...inputs], outputs: ids, inputType: typeOf.get(inputs[0]!) });
        return made;
      },
    },
    tensorDataSync: {
      value: (id: number) => {
        // Inside a kernel it is tfjs-node's own check of indices (gather): nothing is decided by it.
        const inKernel = tf.engine().state.kernelDepth > 0;
        if (inKernel || !(produced.has(id) || isArgument(id))) return binding.tensorDataSync(id);
        throw new Error(
          'compile: the function reads the value of a tensor (data() or dataSync()), which would freeze it into the graph; return the tensor instead and read it outside',
        );
      },
    },
  });

  backend.binding = recording;
  backend.getInputTensorIds = (tensors) => {
    const ids = getInputTensorIds(tensors);
    for (const [i, id] of ids.entries()) {
      typeOf.set(id, tensors[i]!.dtype);
      if (produced.has(id) || constants.has(id) || isArgument(id)) continue;
      const { shape, dtype } = tensors[i]!;
      if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
        throw new Error(
          `compile: the function uses a constant of type ${dtype}; only float32, int32 and bool are compiled`,
        );
      }
      constants.set(id, { shape: [...shape], dtype, values: binding.tensorDataSync(id) });
    }
    return ids;
  };
  try {
    return { result: f(), trace: { operations, constants } };
  } finally {
    backend.binding = binding;
    backend.getInputTensorIds = getInputTensorIds;
  }
}
