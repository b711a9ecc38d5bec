import { expectNoLeak } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromTensors,
  openTensors,
  readSafetensors,
  toTensor,
  writeSafetensors,
  type SafetensorsEntry,
} from '../src/index.js';
import { leaves } from '@audio-ssl/params';

const entry = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) =>
  fc
    .record({
      int: fc.boolean(),
      values: fc.array(fc.integer({ min: -1000, max: 1000 }), {
        minLength: shape.reduce((a, b) => a * b, 1),
        maxLength: shape.reduce((a, b) => a * b, 1),
      }),
    })
    .map(({ int, values }): SafetensorsEntry => ({
      dtype: int ? 'I32' : 'F32',
      shape,
      data: int ? Int32Array.from(values) : Float32Array.from(values),
    })),
);

describe('safetensors', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
          entry,
        ),
        fc.dictionary(fc.string(), fc.string()),
        (named, metadata) => {
          delete metadata['__proto__'];
          const file = writeSafetensors(new Map(Object.entries(named)), metadata);
          const read = readSafetensors(file);
          expect(Object.fromEntries(read.tensors)).toEqual(named);
          expect(read.metadata).toEqual(metadata);
          // The bytes of a file in the middle of a larger buffer, as Node's small reads do.
          const inside = Buffer.concat([Buffer.alloc(3), file, Buffer.alloc(5)]).subarray(3, 3 + file.length);
          expect(Object.fromEntries(readSafetensors(inside).tensors)).toEqual(named);
        },
      ),
    );
  });

  it('refuse damaged files with an error that names the file', () => {
    const file = writeSafetensors(new Map([['w', { dtype: 'F32', shape: [2], data: new Float32Array([1, 2]) }]]));
    const flipped = fc.record({ at: fc.nat(file.length - 1), bit: fc.nat(7), length: fc.nat(file.length) });
    fc.assert(
      fc.property(flipped, ({ at, bit, length }) => {
        const damaged = file.slice(0, length);
        if (at < damaged.length) damaged[at]! ^= 1 << bit;
        try {
          readSafetensors(damaged, 'run/checkpoint.safetensors');
        } catch (error) {
          expect((error as Error).message).toContain('run/checkpoint.safetensors');
        }
      }),
      { numRuns: 500 },
    );
    expect(() => readSafetensors(file.slice(0, -1), 'a.safetensors')).toThrow("'w' of shape [2] needs 8 bytes");
  });

  it('may be of gigabytes, which only the places of tensors tell', async () => {
    const [begin, end] = [3e9, 3e9 + 8];
    const whole = writeSafetensors(new Map([['w', { dtype: 'F32', shape: [2], data: new Float32Array(2) }]]));
    const header = new TextDecoder().decode(whole.subarray(8, whole.length - 8));
    const text = new TextEncoder().encode(header.trimEnd().replace('[0,8]', `[${begin},${end}]`));
    const start = new Uint8Array(8 + text.length);
    new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
    start.set(text, 8);
    // Only the header is read; a tensor's bytes are read when they are asked for.
    const file = await openTensors({
      ...{ name: 'a.safetensors', size: start.length + end, close: async () => {} },
      read: async (at, length) =>
        at < start.length
          ? start.slice(at, at + length)
          : new Uint8Array(Float32Array.of(at - start.length, length).buffer),
    });
    expect([...(await file.read('w')).data]).toEqual([3e9, 8]);
  });

  it('hold tensors', async () => {
    const tree = { w: tf.tensor2d([1, 2, 3, 4], [2, 2]), n: tf.tensor1d([5], 'int32') };
    const file = writeSafetensors(await fromTensors(leaves(tree)));
    await expectNoLeak(() => [...readSafetensors(file).tensors.values()].map(toTensor));
    const back = toTensor(readSafetensors(file).tensors.get('w')!);
    expect([back.shape, [...(await back.data())]]).toEqual([
      [2, 2],
      [1, 2, 3, 4],
    ]);
    await expect(fromTensors([['flag', tf.tensor1d([true])]])).rejects.toThrow("'flag' is bool");
  });
});

it('read 8-bit floats', async () => {
  const header = (type: string): Uint8Array => {
    const json = JSON.stringify({ x: { dtype: type, shape: [256], data_offsets: [0, 256] } });
    const bytes = new Uint8Array(8 + json.length + 256);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(new TextEncoder().encode(json), 8);
    for (let i = 0; i < 256; i++) bytes[8 + json.length + i] = i;
    return bytes;
  };
  const read = (type: string): Float32Array => readSafetensors(header(type)).tensors.get('x')!.data as Float32Array;
  const e4m3 = read('F8_E4M3');
  expect([0, 1, 7, 8, 0x38, 0x7e, 0x7f, 0x80, 0xb8, 0xfe].map((byte) => e4m3[byte])).toEqual([
    ...[0, 2 ** -9, 7 * 2 ** -9, 2 ** -6, 1, 448, Number.NaN, -0, -1, -448],
  ]);
  const e5m2 = read('F8_E5M2');
  expect([0, 1, 4, 0x3c, 0x7b, 0x7c, 0x7d, 0x80, 0xbc, 0xfc].map((byte) => e5m2[byte])).toEqual([
    ...[0, 2 ** -16, 2 ** -14, 1, 57_344, Infinity, Number.NaN, -0, -1, -Infinity],
  ]);
  // Apart from NaN both grow with their bytes.
  for (const values of [e4m3.subarray(0, 0x7f), e5m2.subarray(0, 0x7c)])
    values.forEach((value, i) => expect(i === 0 || value > values[i - 1]!).toBe(true));
});
