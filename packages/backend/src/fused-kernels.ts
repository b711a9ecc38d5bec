import { fusedOperations, type FusedOperation } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** The part of tfjs-node's backend that runs an operation by name. */
interface NodeBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_INT: number;
    createTensor(shape: number[], type: number, values: Float32Array): number;
    executeOp(name: string, attributes: object[], inputs: number[], outputs: number): { readonly id: number }[];
    deleteTensor(id: number): void;
  };
  executeMultipleOutputs(name: string, attributes: object[], inputs: tf.TensorInfo[], outputs: number): tf.TensorInfo[];
}

/**
 * Registers the fused operations of the native build (native/ops.cc) as kernels of the `tensorflow` backend, where the
 * blocks look for them (`runFused` of `@audio-ssl/params`). They run on the processor alone.
 *
 * @returns false, and registers nothing, when the binding was built without them.
 */
export function registerFusedKernels(): boolean {
  const { binding } = tf.engine().findBackend('tensorflow') as unknown as NodeBackend;
  try {
    const id = binding.createTensor([1], binding.TF_FLOAT, new Float32Array([3]));
    const [sum] = binding.executeOp(fusedOperations.squaredSum.op, [], [id], 1);
    for (const made of [id, sum!.id]) binding.deleteTensor(made);
  } catch {
    return false;
  }
  const operations: readonly FusedOperation[] = Object.values(fusedOperations);
  for (const { op: kernelName, inputs: names, floats = [], ints = [], outputs } of operations) {
    if (tf.getKernel(kernelName, 'tensorflow')) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs, backend }) => {
        const node = backend as unknown as NodeBackend;
        const values = attrs as unknown as Readonly<Record<string, number>>;
        const attribute =
          (type: number) =>
          (name: string): object => ({ name, type, value: values[name] });
        const attributes = [
          ...floats.map(attribute(node.binding.TF_ATTR_FLOAT)),
          ...ints.map(attribute(node.binding.TF_ATTR_INT)),
        ];
        const ordered = names.map((name) => (inputs as Record<string, tf.TensorInfo>)[name]!);
        return node.executeMultipleOutputs(kernelName, attributes, ordered, outputs.length);
      },
    });
  }
  return true;
}
