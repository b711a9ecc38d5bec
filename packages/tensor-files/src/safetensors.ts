import * as tf from '@tensorflow/tfjs-core';
import type { ByteSource } from './byte-source.js';
import { CHECKSUM_KEY } from './checksum-key.js';
import { clip } from './clip.js';
import {
  decodeElements,
  elementSize,
  isElementType,
  requireElementType,
  sizeOf,
  type ElementType,
} from './element-types.js';
import { noSuchTensor, type PendingTensor, type SafetensorsEntry, type TensorFile } from './tensor-file.js';

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

// The format allows 100 MB, a bomb's worth of JSON; the headers of published models have less than one.
const HEADER_LIMIT = 16 * 2 ** 20;

const fail = (name: string, reason: string): never => {
  throw new Error(`readSafetensors: ${name}: ${clip(reason)}; the file is damaged or not a safetensors file`);
};

interface Range {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Where the data lies in the file. */
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly ranges: ReadonlyMap<string, Range>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The length of the header, from the first 8 bytes of a file of `size` bytes. */
function headerLength(start: Uint8Array, size: number, name: string): number {
  if (start.length < 8) return fail(name, `${start.length} bytes long`);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (8 + length > size) return fail(name, `says its header has ${length} bytes and is itself ${size} bytes long`);
  if (length > HEADER_LIMIT)
    return fail(name, `says its header has ${length} bytes, more than the ${HEADER_LIMIT} allowed`);
  return length;
}

function parseHeader(bytes: Uint8Array, size: number, name: string): Header {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return fail(name, 'its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    return fail(name, 'its header is not an object');
  const ranges = new Map<string, Range>();
  let metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(header)) {
    if (key !== '__metadata__') {
      ranges.set(key, parseRange(8 + bytes.length, size, key, value, name));
    } else if (
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((v) => typeof v === 'string')
    ) {
      metadata = { ...(value as Record<string, string>) };
      delete metadata[CHECKSUM_KEY]; // it is of this file's bytes alone
    } else return fail(name, 'its metadata is not strings by name');
  }
  let last = 0;
  for (const [key, { begin, end }] of [...ranges].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin < last) return fail(name, `'${key}' overlaps another tensor`);
    last = end;
  }
  return { ranges, metadata };
}

function parseRange(start: number, fileSize: number, key: string, value: unknown, name: string): Range {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const size = sizeOf(shape);
  const isPair =
    Array.isArray(offsets) && offsets.length === 2 && offsets.every((at) => Number.isSafeInteger(at) && at >= 0);
  if (size === undefined || !isPair) return fail(name, `'${key}' has no valid shape and offsets`);
  if (typeof dtype !== 'string') return fail(name, `'${key}' has no element type`);
  const [begin, end] = offsets as [number, number];
  const bytes = isElementType(dtype) ? size * elementSize[dtype] : end - begin; // of another type nobody knows
  if (end - begin !== bytes || bytes < 0 || start + end > fileSize) {
    return fail(
      name,
      `'${key}' of shape [${shape as number[]}] needs ${bytes} bytes, its offsets are ${begin}..${end} of ${fileSize - start}`,
    );
  }
  return { dtype, shape: shape as number[], begin: start + begin, end: start + end };
}

function entryOf(dtype: ElementType, shape: readonly number[], bytes: Uint8Array): SafetensorsEntry {
  const data = decodeElements(dtype, bytes);
  return { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, data };
}

/**
 * Reads a safetensors file: 8 bytes little-endian header length, a JSON header, then the data. Floats of any width come
 * as 32-bit floats, integers and truth values as 32-bit integers.
 *
 * @param bytes the whole file; to read a large one piece by piece, use `openTensors`.
 * @param name used in error messages, usually the file's path.
 * @throws Error naming the file for a truncated or malformed one, and for an element type that is not read.
 * @see https://github.com/huggingface/safetensors (format section of the README)
 * @example
 * const { tensors, metadata } = readSafetensors(await readFile(path), path);
 */
export function readSafetensors(bytes: Uint8Array, name = 'the file'): Safetensors {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, name);
  const { ranges, metadata } = parseHeader(bytes.subarray(8, 8 + length), bytes.length, name);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [key, range] of ranges) {
    // A copy: aligned whatever the header's length, and free of the file's buffer (`slice` of a Node Buffer is a view).
    const type = requireElementType(range.dtype, key, name);
    tensors.set(key, entryOf(type, range.shape, new Uint8Array(bytes.subarray(range.begin, range.end))));
  }
  return { tensors, metadata };
}

/** Opens a safetensors file without reading its data; part of `openTensors`. */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const { name, size } = source;
  const length = headerLength(await source.read(0, Math.min(8, size)), size, name);
  const { ranges, metadata } = parseHeader(await source.read(8, length), size, name);
  const file: TensorFile = {
    name,
    format: 'safetensors',
    tensors: ranges,
    values: new Map(Object.entries(metadata)),
    leftOut: new Map(),
    async read(key) {
      const range = ranges.get(key);
      if (!range) throw noSuchTensor(file, key);
      const type = requireElementType(range.dtype, key, name);
      return entryOf(type, range.shape, await source.read(range.begin, range.end - range.begin));
    },
    close: () => source.close(),
  };
  return file;
}

function encodeHeader(
  tensors: ReadonlyMap<string, Pick<PendingTensor, 'dtype' | 'shape'>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const [name, { dtype, shape }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, (offset += 4 * shape.reduce((a, b) => a * b, 1))] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

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
  let total = 0;
  for (const [name, { shape, data }] of tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (size !== data.length) {
      throw new Error(`writeSafetensors: '${name}' of shape [${shape}] needs ${size} elements, got ${data.length}`);
    }
    total += data.byteLength;
  }
  const header = encodeHeader(tensors, metadata);
  const file = new Uint8Array(header.length + total);
  file.set(header);
  let at = header.length;
  for (const { data } of tensors.values()) {
    file.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * A safetensors file in pieces, one tensor after the other, so that no more than one is in memory.
 *
 * @throws Error naming a tensor whose data is not as long as its shape says.
 * @example
 * await pipeline(safetensorsChunks(tensors), createWriteStream('weights.safetensors'));
 */
export async function* safetensorsChunks(
  tensors: ReadonlyMap<string, PendingTensor>,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield encodeHeader(tensors, metadata);
  for (const [name, tensor] of tensors) {
    const expected = 4 * tensor.shape.reduce((a, b) => a * b, 1);
    let written = 0;
    for await (const chunk of chunksOf(tensor)) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== expected) {
      throw new Error(
        `safetensorsChunks: '${name}' of shape [${tensor.shape}] needs ${expected} bytes, got ${written}`,
      );
    }
  }
}

/** The bytes of a tensor that is being written. */
export async function* chunksOf(tensor: PendingTensor): AsyncGenerator<Uint8Array, void, undefined> {
  const data = tensor.data();
  if (data instanceof Promise) yield bytesOf(await data);
  else yield* data;
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
