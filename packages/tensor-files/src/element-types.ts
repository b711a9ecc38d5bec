import { clip } from './clip.js';

/** The element types that are read, under safetensors' names. Floats become 32-bit floats, all others 32-bit integers. */
export type ElementType =
  'F64' | 'F32' | 'F16' | 'BF16' | 'F8_E4M3' | 'F8_E5M2' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Bytes of one element. */
export const elementSize: Readonly<Record<ElementType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Whether a string names an element type that is read. */
export function isElementType(name: unknown): name is ElementType {
  return typeof name === 'string' && Object.hasOwn(elementSize, name);
}

/**
 * The element type of a tensor that is to be read. A file may hold others, too: they harm nobody who does not read them.
 *
 * @throws Error naming the tensor, its file and the type.
 */
export function requireElementType(dtype: string, tensor: string, file: string): ElementType {
  if (isElementType(dtype)) return dtype;
  throw new Error(
    `read: ${file}: '${tensor}' has element type ${clip(dtype)}; only ${Object.keys(elementSize).join(', ')} are read; ` +
      'save it in one of them',
  );
}

/** More axes than PyTorch allows. */
export const DIMENSION_LIMIT = 64;

/** The number of elements of a shape; `undefined` when it is none or too large to count. */
export function sizeOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > DIMENSION_LIMIT) return undefined;
  let size = 1;
  for (const side of shape as unknown[]) {
    if (!Number.isSafeInteger(side) || (side as number) < 0) return undefined;
    size *= side as number;
    if (!Number.isSafeInteger(size)) return undefined;
  }
  return size;
}

/**
 * The elements of little-endian bytes as 32-bit floats or 32-bit integers.
 *
 * @param bytes a whole number of elements; taken over where no conversion is needed.
 * @throws Error for a 64-bit integer that 32 bits do not hold.
 */
export function decodeElements(type: ElementType, bytes: Uint8Array): Float32Array | Int32Array {
  const { buffer, byteOffset } = bytes.byteOffset % elementSize[type] === 0 ? bytes : new Uint8Array(bytes);
  const length = bytes.byteLength / elementSize[type];
  switch (type) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, length);
    case 'I32':
      return new Int32Array(buffer, byteOffset, length);
    case 'F64':
      return new Float32Array(new Float64Array(buffer, byteOffset, length));
    case 'F16':
      return fromHalf(new Uint16Array(buffer, byteOffset, length));
    case 'BF16':
      return fromBfloat16(new Uint16Array(buffer, byteOffset, length));
    case 'I64':
      return fromInt64(new Int32Array(buffer, byteOffset, 2 * length));
    case 'F8_E4M3':
      return Float32Array.from(bytes, (byte) => E4M3[byte]!);
    case 'F8_E5M2': // the upper half of a half
      return fromHalf(Uint16Array.from(bytes, (byte) => byte << 8));
    case 'I16':
      return new Int32Array(new Int16Array(buffer, byteOffset, length));
    case 'I8':
      return new Int32Array(new Int8Array(buffer, byteOffset, length));
    case 'U8':
    case 'BOOL':
      return new Int32Array(bytes);
  }
}

function fromInt64(halves: Int32Array): Int32Array {
  const values = new Int32Array(halves.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]!;
    if (halves[2 * i + 1] !== low >> 31) {
      throw new Error(`decodeElements: a 64-bit integer at index ${i} does not fit into 32 bits, which tensors hold`);
    }
    values[i] = low;
  }
  return values;
}

/** bfloat16 is the upper half of a 32-bit float. */
function fromBfloat16(bits: Uint16Array): Float32Array {
  const values = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = bits[i]! << 16;
  return new Float32Array(values.buffer);
}

/** The 256 values of E4M3 (arXiv 2209.05433): no infinities, and NaN where all bits of exponent and fraction are set. */
const E4M3 = Float32Array.from({ length: 0x100 }, (_, byte) => {
  const sign = byte & 0x80 ? -1 : 1;
  const exponent = (byte >> 3) & 0xf;
  const fraction = byte & 7;
  if ((byte & 0x7f) === 0x7f) return Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -9 : sign * (1 + fraction / 8) * 2 ** (exponent - 7);
});

let halves: Float32Array | undefined;

/** IEEE 754 binary16 by a table of its 65 536 values. */
function fromHalf(bits: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = halves[bits[i]!]!;
  return values;
}
