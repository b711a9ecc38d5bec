import * as tf from '@tensorflow/tfjs-core';

/** An operation that a backend may run as one kernel. All its tensors are float32. */
export interface FusedOperation {
  /** The name under which the kernel is registered. */
  readonly op: string;
  /** Names of the tensors that it takes, in order. */
  readonly inputs: readonly string[];
  /** Names of its attributes that are floating-point numbers. */
  readonly floats?: readonly string[];
  /** Names of its attributes that are whole numbers. */
  readonly ints?: readonly string[];
  /** What it makes, in order. */
  readonly outputs: readonly string[];
  /** Inputs over which the kernel writes its results when it is given the attribute `in_place`. */
  readonly overwrites?: readonly string[];
  /** Inputs whose memory a result may share; none for an operation that always makes new memory. */
  readonly shares?: readonly string[];
  /** The TensorFlow operation that computes the same, for types other than float32, with its boolean attributes. */
  readonly standard?: { readonly op: string; readonly booleans: Readonly<Record<string, boolean>> };
}

/**
 * The fused operations by name: what blocks ask for with {@link runFused}, `@audio-ssl/backend` registers and
 * `@audio-ssl/compile` writes into graphs. The formulas stand in the blocks, next to the composed form of each.
 *
 * @example
 * fusedOperations.layerNorm.outputs; // ['value', 'mean', 'inverse']
 */
export const fusedOperations = {
  /** a bᵀ. */
  matMulTransposed: {
    op: 'AudioSslMatMulTransposed',
    inputs: ['a', 'b'],
    outputs: ['product'],
    standard: { op: 'MatMul', booleans: { transpose_b: true } },
  },
  /** Layer normalisation of rows, with the mean and the inverse standard deviation of each. */
  layerNorm: {
    op: 'AudioSslLayerNorm',
    inputs: ['x', 'weight', 'bias'],
    floats: ['epsilon'],
    outputs: ['value', 'mean', 'inverse'],
  },
  layerNormGrad: {
    op: 'AudioSslLayerNormGrad',
    inputs: ['dy', 'x', 'weight', 'mean', 'inverse'],
    outputs: ['dx', 'dweight', 'dbias'],
  },
  /** The exact GELU of x + bias. */
  biasGelu: { op: 'AudioSslBiasGelu', inputs: ['x', 'bias'], outputs: ['value'] },
  biasGeluGrad: { op: 'AudioSslBiasGeluGrad', inputs: ['dy', 'x', 'bias'], outputs: ['dx', 'dbias'] },
  /** The sum over rows. */
  columnSum: { op: 'AudioSslColumnSum', inputs: ['x'], outputs: ['sum'] },
  /** softmax((x - center) / temperature). */
  sharpen: { op: 'AudioSslSharpen', inputs: ['x', 'center', 'temperature'], outputs: ['value'] },
  /** Cross-entropy of softmax(x / temperature), with the logarithm of each row's normalizer. */
  crossEntropy: {
    op: 'AudioSslCrossEntropy',
    inputs: ['x', 'target', 'temperature'],
    outputs: ['loss', 'normalizer'],
  },
  crossEntropyGrad: {
    op: 'AudioSslCrossEntropyGrad',
    inputs: ['dloss', 'x', 'target', 'normalizer', 'temperature'],
    outputs: ['dx'],
  },
  /** Multi-head self-attention of joint queries, keys and values, with the logarithm of each query's normalizer. */
  attention: { op: 'AudioSslAttention', inputs: ['qkv'], ints: ['heads', 'first'], outputs: ['value', 'normalizer'] },
  attentionGrad: {
    op: 'AudioSslAttentionGrad',
    inputs: ['dout', 'qkv', 'out', 'normalizer'],
    ints: ['heads', 'first'],
    outputs: ['dqkv'],
  },
  /** One update of AdamW for one parameter. */
  adamW: {
    op: 'AudioSslAdamW',
    inputs: ['param', 'grad', 'first', 'second', 'rate', 'floor', 'kept', 'scale'],
    floats: ['beta1', 'beta2', 'rest1', 'rest2'],
    outputs: ['param', 'first', 'second'],
    overwrites: ['param', 'first', 'second'],
  },
  /** slow + taken (fast - slow). */
  average: { op: 'AudioSslAverage', inputs: ['slow', 'fast', 'taken'], outputs: ['value'], overwrites: ['slow'] },
  /** The sum of all squares. */
  squaredSum: { op: 'AudioSslSquaredSum', inputs: ['x'], outputs: ['sum'] },
  /** x as it is, once `trigger` has been computed. */
  after: { op: 'AudioSslAfter', inputs: ['x', 'trigger'], outputs: ['x'], shares: ['x'] },
} as const satisfies Readonly<Record<string, FusedOperation>>;

/** A name in {@link fusedOperations}. */
export type FusedName = keyof typeof fusedOperations;

type Entry<Name extends FusedName> = (typeof fusedOperations)[Name];
type Listed<E, Key extends string> = E extends { readonly [K in Key]: readonly (infer Item extends string)[] }
  ? Item
  : never;
type AttributeOf<Name extends FusedName> = Listed<Entry<Name>, 'floats'> | Listed<Entry<Name>, 'ints'>;
type TensorFor<Names extends readonly string[]> = { -readonly [K in keyof Names]: tf.Tensor };

/** The tensors that a fused operation takes, by name. */
export type FusedInputs<Name extends FusedName> = Readonly<Record<Entry<Name>['inputs'][number], tf.Tensor>>;

/** The attributes of a fused operation, by name; no argument at all for an operation without any. */
export type FusedAttributes<Name extends FusedName> = [AttributeOf<Name>] extends [never]
  ? []
  : [attributes: Readonly<Record<AttributeOf<Name>, number>>];

/** What a fused operation makes: one tensor for each of its outputs, in order. */
export type FusedOutputs<Name extends FusedName> = TensorFor<Entry<Name>['outputs']>;

/**
 * Whether the running backend has a fused operation as a kernel; without one, compose it from TensorFlow.js's own
 * operations. `@audio-ssl/backend` registers kernels for `tensorflow`.
 *
 * @example
 * const sum = hasFused('columnSum') ? runFused('columnSum', { x })[0] : tf.sum(x, 0);
 */
export function hasFused(name: FusedName): boolean {
  return tf.getKernel(fusedOperations[name].op, tf.getBackend()) !== undefined;
}

/**
 * Runs a fused operation. It has no gradient of its own: call it inside `tf.customGrad`, or where nothing is recorded
 * ({@link isRecording}).
 *
 * @param name of the operation in {@link fusedOperations}, which lists inputs, attributes and outputs.
 * @returns one tensor for each output.
 * @throws Error when the running backend has no such kernel; ask {@link hasFused} first.
 * @example
 * const [value, mean, inverse] = runFused('layerNorm', { x, weight, bias }, { epsilon: 1e-6 });
 */
export function runFused<Name extends FusedName>(
  name: Name,
  inputs: FusedInputs<Name>,
  ...[attributes]: FusedAttributes<Name>
): FusedOutputs<Name> {
  if (!hasFused(name)) {
    throw new Error(
      `runFused: expected a backend with a kernel for '${name}', got '${tf.getBackend()}'; ask hasFused('${name}') first`,
    );
  }
  const { op } = fusedOperations[name];
  const made = tf.engine().runKernel(op, { ...inputs } as tf.NamedTensorMap, { ...attributes } as tf.NamedAttrMap);
  return (Array.isArray(made) ? made : [made]) as FusedOutputs<Name>;
}

/**
 * Whether operations are being recorded for a gradient.
 *
 * @example
 * const value = hasFused('sharpen') && !isRecording() ? runFused('sharpen', inputs)[0] : composed(inputs);
 */
export function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/**
 * x as it is, but in a compiled graph not before `trigger` has been computed: an order that the values alone do not
 * demand, and that keeps memory low. Without gradient.
 *
 * @param x float32, any shape.
 * @param trigger float32, any shape.
 * @returns a tensor that shares the values of x.
 * @example
 * const second = after(batch, gradientOfTheFirst);
 */
export function after(x: tf.Tensor, trigger: tf.Tensor): tf.Tensor {
  return hasFused('after') ? runFused('after', { x, trigger })[0] : tf.clone(x);
}
