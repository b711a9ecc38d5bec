import type { ByteSource } from './byte-source.js';
import { decodeElements, elementSize, sizeOf, type ElementType } from './element-types.js';
import { noSuchTensor, type TensorFile } from './tensor-file.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const HEADER_LIMIT = 2 ** 16;

const types: Readonly<Record<string, ElementType>> = {
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '<i8': 'I64',
  '<i4': 'I32',
  '<i2': 'I16',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL',
};

/**
 * Opens an npy file (NEP 1, versions 1 to 3) of numbers, little-endian and in C order, as a file with one tensor named
 * `array`; part of `openTensors`. The header is matched, never evaluated, so an array of Python objects is refused.
 */
export async function openNpy(source: ByteSource): Promise<TensorFile> {
  const { name, size } = source;
  const fail = (reason: string): never => {
    throw new Error(`openTensors: ${name}: ${reason}; save it with numpy.save as a plain array of numbers`);
  };
  const start = await source.read(0, Math.min(size, 12));
  const version = start[6] ?? 0;
  if (start.length < 12 || version < 1 || version > 3)
    return fail(`its npy header is cut short or of version ${version}`);
  const view = new DataView(start.buffer, start.byteOffset);
  const [at, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > HEADER_LIMIT) return fail(`says its npy header has ${length} bytes`);
  const header = new TextDecoder('latin1').decode(await source.read(at, length));
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const sides = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sides === undefined) return fail('its npy header can not be read');
  const dtype = Object.hasOwn(types, descr) ? types[descr] : undefined;
  if (dtype === undefined)
    return fail(`its elements are of type '${descr}'; only ${Object.keys(types).join(', ')} are read`);
  const shape = sides
    .split(',')
    .map((side) => side.trim())
    .filter((side) => side !== '')
    .map(Number);
  if (order === 'True' && shape.length > 1) return fail('it is in Fortran order');
  const count = sizeOf(shape);
  const begin = at + length;
  const bytes = (count ?? Number.NaN) * elementSize[dtype];
  if (!(begin + bytes <= size)) return fail(`its shape (${shape}) needs more bytes than the ${size - begin} it has`);
  const tensors = new Map([['array', { dtype, shape }]]);
  const file: TensorFile = {
    name,
    format: 'npy',
    tensors,
    values: new Map(),
    leftOut: new Map(),
    async read(key) {
      if (key !== 'array') throw noSuchTensor(file, key);
      const data = decodeElements(dtype, await source.read(begin, bytes));
      return { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, data };
    },
    close: () => source.close(),
  };
  return file;
}

/**
 * The header of an npy file of little-endian 32-bit floats in C order: 128 bytes (more for a very long shape), whatever
 * the numbers in the shape, so that it can be written again in place when more rows have come.
 *
 * @example
 * await writeFile('a.npy', Buffer.concat([npyHeader([2, 3]), Buffer.from(data.buffer)]));
 */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sides}), }`;
  const total = Math.max(128, Math.ceil((10 + text.length + 1) / 64) * 64);
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set(MAGIC);
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[total - 1] = 0x0a;
  return bytes;
}
