import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { decodeAudio } from '../src/index.js';

// Written by `flac -8` from samples ((i * (channel 0: 104729, channel 1: 7919)) mod 2^bits) - 2^(bits - 1).
const fixture = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`fixtures/${name}.flac`, import.meta.url)));
const samples = (length: number, factor: number, bits: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => (((i * factor) % 2 ** bits) - 2 ** (bits - 1)) / 2 ** (bits - 1));

describe('decodeAudio of FLAC', () => {
  it('reads 24-bit stereo to the last bit', async () => {
    const audio = await decodeAudio(await fixture('stereo-24'));
    expect(audio.sampleRate).toBe(44100);
    expect(audio.channels).toEqual([samples(400, 104729, 24), samples(400, 7919, 24)]);
  });

  it('reads 8-bit mono to the last bit', async () => {
    const audio = await decodeAudio(await fixture('mono-8'));
    expect(audio.sampleRate).toBe(11025);
    expect(audio.channels).toEqual([samples(300, 104729, 8)]);
  });

  it('reads a last frame of a few bytes (digital silence)', async () => {
    const expected = samples(700, 104729, 16).fill(0, 576);
    expect((await decodeAudio(await fixture('silent-end-16'))).channels).toEqual([expected]);
  });

  it('skips an ID3 tag before the stream', async () => {
    const tag = new Uint8Array(10 + 200);
    tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 1, 72]); // 1 * 128 + 72 = 200 bytes
    const flac = await fixture('mono-8');
    expect(await decodeAudio(Uint8Array.from([...tag, ...flac]))).toEqual(await decodeAudio(flac));
  });

  it('keeps calls at the same time apart', async () => {
    const names = ['stereo-24', 'mono-8', 'silent-end-16', 'mono-8', 'stereo-24'];
    const files = await Promise.all(names.map(fixture));
    const alone = [];
    for (const file of files) alone.push(await decodeAudio(file));
    expect(await Promise.all(files.map(decodeAudio))).toEqual(alone);
  });

  it('refuses a file that is cut anywhere, and reads the next one', async () => {
    const flac = await fixture('silent-end-16');
    for (let length = 4; length < flac.length; length += length > flac.length - 20 ? 1 : 37) {
      await expect(decodeAudio(flac.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        /^decodeAudio: expected .*truncated or damaged/,
      );
    }
    expect((await decodeAudio(flac)).channels[0]).toHaveLength(700);
  });

  it('refuses a file with a wrong bit in its frames, and reads the next one', async () => {
    const flac = await fixture('silent-end-16');
    for (let at = flac.length - 1; at > flac.length - 1000; at -= 101) {
      const damaged = flac.slice();
      damaged[at]! ^= 4;
      await expect(decodeAudio(damaged), `byte ${at}`).rejects.toThrow(/^decodeAudio: expected 700 samples.*damaged/);
    }
    expect((await decodeAudio(flac)).channels[0]).toHaveLength(700);
  });

  it('tells a whole file from a cut one where the header leaves the number of samples open', async () => {
    const flac = unknownLength(await fixture('silent-end-16'));
    expect((await decodeAudio(flac)).channels[0]).toHaveLength(700);
    for (const cut of [1, 11, 13, 100, 900]) {
      await expect(decodeAudio(flac.subarray(0, -cut)), `${cut} bytes less`).rejects.toThrow('expected all samples');
    }
    expect((await decodeAudio(flac)).channels[0]).toHaveLength(700);
  });

  it('refuses a stream without frames', async () => {
    const flac = unknownLength(await fixture('mono-8')).slice(0, 42);
    flac[4]! |= 0x80; // STREAMINFO is the last block
    await expect(decodeAudio(flac)).rejects.toThrow('without any; the recording is empty');
  });
});

function unknownLength(flac: Uint8Array): Uint8Array {
  flac[21]! &= 0xf0;
  return flac.fill(0, 22, 26);
}
