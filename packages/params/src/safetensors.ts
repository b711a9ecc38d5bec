import * as tf from '@tensorflow/tfjs-core';

/** The element types read and written: 32-bit float and 32-bit signed integer. */
export type SafetensorsType = 'F32' | 'I32';

/** One named array of a safetensors file, row-major. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

const HEADER_LIMIT = 100_000_000; // the format's own bound on its JSON header

const fail = (name: string, reason: string): never => {
  throw new Error(`readSafetensors: ${name}: ${reason}; the file is damaged or not a safetensors file`);
};

/**
 * Reads a safetensors file: 8 bytes little-endian header length, a JSON header, then the data.
 *
 * @param bytes the whole file.
 * @param name used in error messages, usually the file's path.
 * @throws Error naming the file for a truncated or malformed one, and for an element type other than F32 and I32.
 * @see https://github.com/huggingface/safetensors (format section of the README)
 * @example
 * const { tensors, metadata } = readSafetensors(await readFile(path), path);
 */
export function readSafetensors(bytes: Uint8Array, name = 'the file'): Safetensors {
  if (bytes.length < 8) return fail(name, `${bytes.length} bytes long`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > HEADER_LIMIT || 8 + headerLength > bytes.length) {
    return fail(name, `says its header has ${headerLength} bytes and is itself ${bytes.length} bytes long`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)));
  } catch {
    return fail(name, 'its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    return fail(name, 'its header is not an object');
  const body = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(header as Record<string, unknown>)) {
    if (key === '__metadata__') metadata = value as Record<string, string>;
    else tensors.set(key, readEntry(body, key, value, name));
  }
  return { tensors, metadata };
}

function readEntry(body: Uint8Array, key: string, value: unknown, name: string): SafetensorsEntry {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const natural = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  if (!natural(shape) || !natural(offsets) || offsets.length !== 2)
    return fail(name, `'${key}' has no valid shape and offsets`);
  if (dtype !== 'F32' && dtype !== 'I32') {
    throw new Error(`readSafetensors: ${name}: '${key}' has element type ${String(dtype)}; only F32 and I32 are read`);
  }
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((a, b) => a * b, 1);
  if (end - begin !== size * 4 || end > body.length) {
    return fail(
      name,
      `'${key}' of shape [${shape}] needs ${size * 4} bytes, its offsets are ${begin}..${end} of ${body.length}`,
    );
  }
  // A copy: aligned whatever the header's length, and free of the file's buffer (`slice` of a Node Buffer is a view).
  const { buffer } = new Uint8Array(body.subarray(begin, end));
  return { dtype, shape, data: dtype === 'F32' ? new Float32Array(buffer) : new Int32Array(buffer) };
}

/**
 * Writes named arrays as a safetensors file (little-endian, the data aligned to 8 bytes).
 *
 * @example
 * await writeFile('weights.safetensors', writeSafetensors(await fromTensors(model), { step: '100' }));
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (size !== data.length) {
      throw new Error(`writeSafetensors: '${name}' of shape [${shape}] needs ${size} elements, got ${data.length}`);
    }
    header[name] = { dtype, shape, data_offsets: [offset, (offset += data.byteLength)] };
  }
  let json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const spaces = new Uint8Array(padded).fill(0x20);
  spaces.set(json);
  json = spaces;
  const file = new Uint8Array(8 + padded + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(json, 8);
  let at = 8 + padded;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** The tensor of one entry. */
export function toTensor({ dtype, shape, data }: SafetensorsEntry): tf.Tensor {
  return tf.tensor(data, [...shape], dtype === 'F32' ? 'float32' : 'int32');
}

/**
 * The values of named tensors, ready for {@link writeSafetensors}.
 *
 * @throws Error for a tensor that is neither float32 nor int32.
 * @example
 * writeSafetensors(await fromTensors(leaves(model)));
 */
export async function fromTensors(
  named: Iterable<readonly [string, tf.Tensor]>,
): Promise<Map<string, SafetensorsEntry>> {
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, tensor] of named) {
    if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32') {
      throw new Error(`fromTensors: '${name}' is ${tensor.dtype}; only float32 and int32 are written`);
    }
    const data = (await tensor.data()) as Float32Array | Int32Array;
    entries.set(name, { dtype: tensor.dtype === 'float32' ? 'F32' : 'I32', shape: tensor.shape, data });
  }
  return entries;
}
