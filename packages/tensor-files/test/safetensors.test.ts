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
