import { describe, expect, it } from 'vitest';
import { byteSource, npyHeader, openTensors } from '../src/index.js';

const npy = (header: string, data: Uint8Array, version = 1): Uint8Array => {
  const text = new TextEncoder().encode(`${header}\n`);
  const start = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(start + text.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  bytes.set(text, start);
  bytes.set(data, start + text.length);
  return bytes;
};
const header = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const read = async (bytes: Uint8Array) => (await openTensors(byteSource(bytes, 'a.npy'))).read('array');

describe('npy', () => {
  it.each([
    ['<f4', new Float32Array([1.5, -2])],
    ['<f8', new Float64Array([1.5, -2])],
    ['<i8', new BigInt64Array([1n, -2n])],
    ['<i2', new Int16Array([1, -2])],
    ['|u1', new Uint8Array([1, 254])],
  ])('is read: %s', async (descr, values) => {
    for (const version of [1, 2, 3]) {
      const { data, shape } = await read(npy(header(descr, '(2,)'), new Uint8Array(values.buffer), version));
      expect([shape, [...data]]).toEqual([[2], Array.from(values as ArrayLike<number | bigint>, Number)]);
    }
  });

  it('gets a header of one length whatever the number of rows', async () => {
    const data = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
    const bytes = new Uint8Array([...npyHeader([3, 2]), ...data]);
    expect(await read(bytes)).toEqual({ dtype: 'F32', shape: [3, 2], data: new Float32Array([1, 2, 3, 4, 5, 6]) });
    expect(npyHeader([0, 768]).length).toBe(npyHeader([Number.MAX_SAFE_INTEGER, 12, 3840]).length);
    expect((await read(new Uint8Array([...npyHeader([6]), ...data]))).shape).toEqual([6]);
  });

  it.each([
    ['Python objects, which are pickles', header('|O', '(1,)'), /type '\|O'/],
    ['big-endian numbers', header('>f4', '(1,)'), /type '>f4'/],
    ['records', "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", /can not be read/],
    ['Fortran order', header('<f4', '(2, 2)', 'True'), /Fortran order/],
    ['a shape of 10^40', header('<f4', `(1${'0'.repeat(40)},)`), /needs more bytes/],
    ['a shape of 2^53', header('<f4', '(94906267, 94906267)'), /needs more bytes/],
    ['a shape that is too large', header('<f4', '(5,)'), /needs more bytes than the 16 it has/],
    ['a negative shape', header('<f4', '(-1,)'), /can not be read/],
    ['code for a header', "__import__('os').system('id')", /can not be read/],
    ['a name of JavaScript for a type', header('constructor', '(1,)'), /type 'constructor'/],
  ])('refuses %s', async (_, text, message) => {
    await expect(read(npy(text, new Uint8Array(16)))).rejects.toThrow(message);
    await expect(read(npy(text, new Uint8Array(16)))).rejects.toThrow('a.npy');
  });
});
