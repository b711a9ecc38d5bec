import { createHash } from 'node:crypto';
import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { byteSource, readSafetensors, writeSafetensors, type SafetensorsEntry } from '../src/index.js';
import { checksumPlace, sealSafetensors, verifyChecksum } from '../src/node.js';

const random = seeded(3);
const tensors = new Map<string, SafetensorsEntry>([
  ['a', { dtype: 'F32', shape: [40, 5], data: Float32Array.from({ length: 200 }, random) }],
  ['b', { dtype: 'I32', shape: [3], data: Int32Array.of(1, -2, 3) }],
]);
const sealed = (): Uint8Array => sealSafetensors(writeSafetensors(tensors, { ...checksumPlace, step: '7' }));
const verify = (bytes: Uint8Array): Promise<boolean> => verifyChecksum(byteSource(bytes, 'x.safetensors'));

describe('the checksum of a safetensors file', () => {
  it('is the SHA-256 of the file with zeros in its place, and any program reads the file', async () => {
    const bytes = sealed();
    const { metadata, tensors: read } = readSafetensors(bytes);
    expect(metadata).toEqual({ step: '7' }); // not that of the file: it would be wrong in one that is written with it
    const [, digest] = /"audio_ssl_sha256":"(\w+)"/.exec(Buffer.from(bytes).toString('latin1'))!;
    expect(read.get('a')!.data).toEqual(tensors.get('a')!.data);
    const blank = Buffer.from(bytes);
    blank.write('0'.repeat(64), blank.indexOf(digest!));
    expect(digest).toBe(createHash('sha256').update(blank).digest('hex'));
    expect(await verify(bytes)).toBe(true);
  });

  it('tells of every changed bit, those of its own place and key too, and of missing and added bytes', async () => {
    const bytes = sealed();
    for (let at = 8; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      await expect(verify(changed), `byte ${at}`).rejects.toThrow(/^verifyChecksum: x\.safetensors: .*is damaged$/);
    }
    for (let at = 0; at < 64; at++) {
      const changed = bytes.slice();
      changed[at >> 3]! ^= 1 << (at % 8); // the length of the header
      await expect(verify(changed)).rejects.toThrow('is damaged');
    }
    await expect(verify(bytes.slice(0, -1))).rejects.toThrow('is damaged');
    await expect(verify(Uint8Array.of(...bytes, 0))).rejects.toThrow('is damaged');
  });

  it('is missing in files of others, which are no less good', async () => {
    expect(await verify(writeSafetensors(tensors))).toBe(false);
    for (const metadata of [{ format: 'pt' }, { sha256: '0'.repeat(64) }, { audio: 'x', step: '1' }])
      expect(await verify(writeSafetensors(tensors, metadata))).toBe(false);
    for (const bytes of [new Uint8Array(0), new Uint8Array(5000), new TextEncoder().encode('no checkpoint'.repeat(99))])
      expect(await verify(bytes)).toBe(false);
    expect(() => sealSafetensors(writeSafetensors(tensors, { step: '1' }))).toThrow('`checksumPlace`');
  });
});
