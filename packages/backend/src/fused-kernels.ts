import * as tf from '@tensorflow/tfjs-core';

/** Signature of a fused operation: its inputs in order, its attributes, and the number of its outputs. */
interface FusedKernel {
  readonly inputs: readonly string[];
  readonly floats?: readonly string[];
  readonly ints?: readonly string[];
  readonly outputs: number;
}

/** The operations of native/ops.cc. */
const FUSED_KERNELS: Readonly<Record<string, FusedKernel>> = {
  AudioSslMatMulTransposed: { inputs: ['a', 'b'], outputs: 1 },
  AudioSslLayerNorm: { inputs: ['x', 'weight', 'bias'], floats: ['epsilon'], outputs: 3 },
  AudioSslLayerNormGrad: { inputs: ['dy', 'x', 'weight', 'mean', 'inverse'], outputs: 3 },
  AudioSslBiasGelu: { inputs: ['x', 'bias'], outputs: 1 },
  AudioSslBiasGeluGrad: { inputs: ['dy', 'x', 'bias'], outputs: 2 },
  AudioSslColumnSum: { inputs: ['x'], outputs: 1 },
  AudioSslSharpen: { inputs: ['x', 'center', 'temperature'], outputs: 1 },
  AudioSslCrossEntropy: { inputs: ['x', 'target', 'temperature'], outputs: 2 },
  AudioSslCrossEntropyGrad: { inputs: ['dloss', 'x', 'target', 'normalizer', 'temperature'], outputs: 1 },
  AudioSslAttention: { inputs: ['qkv'], ints: ['heads', 'first'], outputs: 2 },
  AudioSslAttentionGrad: { inputs: ['dout', 'qkv', 'out', 'normalizer'], ints: ['heads', 'first'], outputs: 1 },
  AudioSslAdamW: {
    inputs: ['param', 'grad', 'first', 'second', 'rate', 'floor', 'kept', 'scale'],
    floats: ['beta1', 'beta2', 'rest1', 'rest2'],
    outputs: 3,
  },
  AudioSslAverage: { inputs: ['slow', 'fast', 'taken'], outputs: 1 },
  AudioSslSquaredSum: { inputs: ['x'], outputs: 1 },
  AudioSslAfter: { inputs: ['x', 'trigger'], outputs: 1 },
};

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
 * Registers the fused operations of the native build as kernels of the `tensorflow` backend, under which the blocks
 * look for them (`runFused` of `@audio-ssl/params`). They run on the processor alone.
 *
 * @returns false, and registers nothing, when the binding was built without them.
 */
export function registerFusedKernels(): boolean {
  const { binding } = tf.engine().findBackend('tensorflow') as unknown as NodeBackend;
  try {
    const id = binding.createTensor([1], binding.TF_FLOAT, new Float32Array([3]));
    const [sum] = binding.executeOp('AudioSslSquaredSum', [], [id], 1);
    for (const made of [id, sum!.id]) binding.deleteTensor(made);
  } catch {
    return false;
  }
  for (const [kernelName, { inputs: names, floats = [], ints = [], outputs }] of Object.entries(FUSED_KERNELS)) {
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
        return node.executeMultipleOutputs(kernelName, attributes, ordered, outputs);
      },
    });
  }
  return true;
}
