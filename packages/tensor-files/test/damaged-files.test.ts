import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { byteSource, npyHeader, openTensors, readSafetensors, writeSafetensors } from '../src/index.js';

const fixture = (name: string): Promise<Uint8Array> => readFile(join(import.meta.dirname, 'fixtures', name));

const whole: Record<string, Uint8Array> = {
  'types.pt': await fixture('types.pt'),
  'views.pt': await fixture('views.pt'),
  'nested.pt': await fixture('nested.pt'),
  'types-legacy.pth': await fixture('types-legacy.pth'),
  'views-legacy.pth': await fixture('views-legacy.pth'),
  'nested-legacy.pth': await fixture('nested-legacy.pth'),
  'a.safetensors': writeSafetensors(
    new Map([
      ['w', { dtype: 'F32', shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }],
      ['n', { dtype: 'I32', shape: [3], data: new Int32Array([1, 2, 3]) }],
    ]),
    { step: '1' },
  ),
  'a.npy': new Uint8Array([...npyHeader([2, 2]), ...new Uint8Array(16)]),
};

let slowest = 0;
let refused = 0;
let read = 0;

/** Opens bytes and reads all; what goes wrong must be an error of ours that names the file, soon. */
async function survive(name: string, bytes: Uint8Array): Promise<void> {
  const began = performance.now();
  try {
    const file = await openTensors(byteSource(bytes, name));
    let elements = 0;
    for (const key of file.tensors.keys()) elements += (await file.read(key)).data.length;
    expect(elements).toBeLessThanOrEqual(bytes.length + 2 ** 24);
    read++;
  } catch (error) {
    refused++;
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message).toContain(name);
    expect(message.length).toBeLessThan(1000);
    // An error of the language itself would say what a programmer and not what a user has to know.
    expect(message).not.toMatch(
      /undefined|not a function|Cannot read|Invalid typed array|out of memory|is not iterable/,
    );
  }
  slowest = Math.max(slowest, performance.now() - began);
}

describe('damaged files end in clear errors, soon', () => {
  const random = seeded(1);
  const below = (n: number): number => Math.floor(random() * n);

  it.each(Object.entries(whole))('%s', { timeout: 300_000 }, async (name, bytes) => {
    const memory = process.memoryUsage().rss;
    // Cut off anywhere.
    for (let i = 0; i < 300; i++) await survive(name, bytes.subarray(0, below(bytes.length)));
    // One to eight bits flipped anywhere, or in the first bytes.
    for (let i = 0; i < 1200; i++) {
      const changed = new Uint8Array(bytes);
      for (let flips = 1 + below(8); flips > 0; flips--) changed[below(i % 2 ? bytes.length : 200)]! ^= 1 << below(8);
      await survive(name, changed);
    }
    // A stretch of random bytes, of ones, or copied from elsewhere.
    for (let i = 0; i < 500; i++) {
      const changed = new Uint8Array(bytes);
      const [at, length] = [below(bytes.length), 1 + below(32)];
      if (i % 3 === 0) for (let k = at; k < Math.min(bytes.length, at + length); k++) changed[k] = below(256);
      else if (i % 3 === 1) changed.fill(255, at, at + length);
      else changed.copyWithin(at, below(bytes.length), below(bytes.length));
      await survive(name, changed);
    }
    expect(slowest).toBeLessThan(10_000); // a busy machine; most take a millisecond
    expect(process.memoryUsage().rss - memory).toBeLessThan(2 ** 30);
  });

  it('of random bytes behind every magic number', { timeout: 120_000 }, async () => {
    const starts = [
      [],
      [0x50, 0x4b, 3, 4],
      [0x80, 2],
      [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0],
      [9, 0, 0, 0, 0, 0, 0, 0, 0x7b],
    ];
    for (let i = 0; i < 1500; i++) {
      const bytes = Uint8Array.from({ length: below(400) }, () => below(256));
      bytes.set(starts[i % starts.length]!.slice(0, bytes.length));
      await survive('random.bin', bytes);
    }
    // Random pickle operations, most of which are known ones.
    const operations = [
      0x28, 0x29, 0x30, 0x31, 0x4b, 0x4e, 0x52, 0x55, 0x58, 0x5d, 0x61, 0x62, 0x63, 0x65, 0x68, 0x71, 0x73, 0x74, 0x75,
      0x7d, 0x81, 0x85, 0x86, 0x87, 0x93, 0x94, 0x51, 0x8a,
    ];
    const magic = whole['types-legacy.pth']!.subarray(0, 137);
    for (let i = 0; i < 1500; i++) {
      const body = Uint8Array.from({ length: 60 }, () =>
        random() < 0.8 ? operations[below(operations.length)]! : below(256),
      );
      await survive('operations.pth', new Uint8Array([...magic, 0x80, 2, ...body, 0x2e]));
    }
    expect(refused).toBeGreaterThan(5000);
    expect(read).toBeGreaterThan(100); // flips in the numbers themselves go unseen
  });
});

describe('hostile safetensors', () => {
  const file = (header: string, length = BigInt(new TextEncoder().encode(header).length), data = 16): Uint8Array => {
    const text = new TextEncoder().encode(header);
    const bytes = new Uint8Array(8 + text.length + data);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    bytes.set(text, 8);
    return bytes;
  };
  const tensor = (shape: string, offsets: string, dtype = 'F32'): string =>
    `{"w":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;

  it.each([
    ['a header of 2^63 bytes', file('{}', 2n ** 63n), /header has 9223372036854776000 bytes and is itself/],
    ['a header of 2^64 - 1 bytes', file('{}', 2n ** 64n - 1n), /header has 18446744073709552000 bytes/],
    [
      'a header longer than any model needs',
      file('{}', 17n * 2n ** 20n, 18 * 2 ** 20),
      /more than the 16777216 allowed/,
    ],
    ['a header nested a million deep', file('{"a":'.repeat(1e6)), /not JSON/],
    ['a list for a header', file('{}'.replace('{}', '[1]')), /expected a PyTorch checkpoint|not an object/],
    ['a shape of 2^60', file(tensor('[1073741824,1073741824]', '[0,16]')), /no valid shape/],
    ['a negative shape', file(tensor('[-4]', '[0,16]')), /no valid shape/],
    ['offsets beyond the file', file(tensor('[8]', '[0,32]')), /its offsets are 0\.\.32 of 16/],
    ['offsets that run backwards', file(tensor('[4]', '[16,0]')), /its offsets are 16\.\.0/],
    ['three offsets', file(tensor('[4]', '[0,8,16]')), /no valid shape and offsets/],
    ['no type', file(tensor('[16]', '[0,16]').replace('"F32"', '5')), /'w' has no element type/],
    ['null for a tensor', file('{"w":null}'), /no valid shape/],
    ['metadata that is not strings', file('{"__metadata__":{"a":1}}'), /metadata/],
    [
      'tensors that overlap',
      file(`{"a":${tensor('[2]', '[0,8]').slice(5, -1)},"b":${tensor('[2]', '[4,12]').slice(5, -1)}}`),
      /'b' overlaps/,
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(openTensors(byteSource(bytes, 'evil.safetensors'))).rejects.toThrow(message);
    await expect(openTensors(byteSource(bytes, 'evil.safetensors'))).rejects.toThrow('evil.safetensors');
    expect(() => readSafetensors(bytes, 'evil.safetensors')).toThrow('evil.safetensors');
  });

  it.each(['F4', 'constructor', 'x'.repeat(1e5)])(
    'a type that is not known, %.20s, harms only who reads it',
    async (type) => {
      const bytes = file(
        `{"v":${tensor('[2]', '[0,8]').slice(5, -1)},"w":${tensor('[99]', '[8,16]', type).slice(5, -1)}}`,
      );
      const opened = await openTensors(byteSource(bytes, 'evil.safetensors'));
      expect(opened.tensors.get('w')).toMatchObject({ dtype: type, shape: [99] });
      expect((await opened.read('v')).data).toHaveLength(2);
      const { message } = (await opened.read('w').catch((error: unknown) => error)) as Error;
      expect(message).toMatch(/^read: evil\.safetensors: 'w' has element type \S+; only F64, F32/);
      expect(message.length).toBeLessThan(1000);
      expect(() => readSafetensors(bytes, 'evil.safetensors')).toThrow("evil.safetensors: 'w' has element type");
      for (const offsets of ['[8,17]', '[4,16]', '[12,8]']) {
        const beyond = file(
          `{"v":${tensor('[2]', '[0,8]').slice(5, -1)},"w":${tensor('[99]', offsets, 'F4').slice(5, -1)}}`,
        );
        await expect(openTensors(byteSource(beyond, 'evil.safetensors'))).rejects.toThrow(/offsets are|overlaps/);
      }
    },
  );
});
