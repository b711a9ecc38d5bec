import * as tf from '@tensorflow/tfjs-core';

/** An attribute of an operation, as tfjs-node hands it to its binding. */
export interface Attribute {
  readonly name: string;
  /** One of the binding's `TF_ATTR_*`. */
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that the binding made. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The part of tfjs-node's binding that this package uses. */
export interface Binding {
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: readonly number[], inputNames: string, outputNames: string): TensorMetadata[];
  deleteSavedModel(session: number): void;
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** The part of tfjs-node's backend that this package uses. */
export interface NodeBackend {
  binding: Binding;
  readonly tensorMap: { has(dataId: object): boolean; get(dataId: object): { readonly id: number } };
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  refCount(dataId: object): number;
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
}

/** The running backend when it is tfjs-node's, the only one that runs graphs. */
export function nodeBackend(): NodeBackend | undefined {
  const backend = tf.backend() as unknown as Partial<NodeBackend>;
  return typeof backend.binding?.runSavedModel === 'function' ? (backend as NodeBackend) : undefined;
}
