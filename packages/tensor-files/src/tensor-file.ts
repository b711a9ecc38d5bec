/** The element types that arrays in memory have, and that are written: 32-bit float and 32-bit signed integer. */
export type SafetensorsType = 'F32' | 'I32';

/** One named array, row-major. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** A tensor that is written once its turn comes. */
export interface PendingTensor {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Its elements, row-major; or its bytes in pieces, for one that does not fit into memory. */
  data(): Promise<Float32Array | Int32Array> | AsyncIterable<Uint8Array>;
}

/** What is known of a tensor before it is read. */
export interface TensorInfo {
  /** The element type in the file, under safetensors' names: an `ElementType`, or another one, which {@link TensorFile.read} refuses. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** A file of named tensors, of which only the table of contents has been read. */
export interface TensorFile {
  /** Path or address, for error messages. */
  readonly name: string;
  readonly format: 'safetensors' | 'PyTorch' | 'PyTorch (legacy)' | 'npy';
  /** Every tensor by name; names inside nested dictionaries are joined by dots: `model._ema.norm.weight`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** What is in it besides tensors: the metadata of safetensors; numbers, strings and truth values of a PyTorch checkpoint. */
  readonly values: ReadonlyMap<string, string | number | boolean>;
  /**
   * What was left out of a PyTorch checkpoint: objects of classes that are not known here, by where they are, each with the
   * name of its class in Python. Nothing of them was run.
   */
  readonly leftOut: ReadonlyMap<string, string>;
  /**
   * One tensor, row-major, floats as 32-bit floats and everything else as 32-bit integers.
   *
   * @throws Error when there is no tensor of this name, its bytes are missing, or its element type is not read.
   */
  read(name: string): Promise<SafetensorsEntry>;
  /** Closes the source. */
  close(): Promise<void>;
}

/** The error for a name that a file does not have. */
export function noSuchTensor(file: Pick<TensorFile, 'name' | 'tensors'>, name: string): Error {
  const some = [...file.tensors.keys()].slice(0, 3).join(', ');
  return new Error(
    `read: ${file.name} has no tensor '${name}'; its ${file.tensors.size} tensors are ${some}${file.tensors.size > 3 ? ', ...' : ''}`,
  );
}
