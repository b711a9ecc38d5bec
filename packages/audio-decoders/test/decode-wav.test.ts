import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAudio } from '../src/index.js';
import { writeWav } from './wav.js';

/** Encodes integers of `bits` bits, little-endian; eight bits are stored unsigned. */
function encodeIntegers(values: readonly number[], bits: number): Uint8Array {
  const bytes = bits / 8;
  const data = new Uint8Array(values.length * bytes);
  values.forEach((value, i) => {
    let rest = bits === 8 ? value + 128 : value < 0 ? value + 2 ** bits : value;
    for (let b = 0; b < bytes; b++) {
      data[i * bytes + b] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  });
  return data;
}

describe('decodeAudio of WAV', () => {
  for (const bits of [8, 16, 24, 32]) {
    it(`reads ${bits}-bit PCM of any number of channels, plain and extensible`, async () => {
      const limit = 2 ** (bits - 1);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 6 }),
          fc.array(fc.integer({ min: -limit, max: limit - 1 }), { minLength: 6, maxLength: 40 }),
          fc.boolean(),
          async (channels, values, extensible) => {
            const frames = Math.floor(values.length / channels);
            const used = values.slice(0, frames * channels);
            const wav = writeWav(encodeIntegers(used, bits), { channels, bits, extensible, sampleRate: 44100 });
            const audio = await decodeAudio(wav);
            expect(audio.sampleRate).toBe(44100);
            const expected = Array.from({ length: channels }, (_, c) =>
              Float32Array.from({ length: frames }, (_frame, i) => used[i * channels + c]! / limit),
            );
            expect(audio.channels).toEqual(expected);
          },
        ),
        { numRuns: 30 },
      );
    });
  }

  it('reads 32-bit and 64-bit floats', async () => {
    const values = [0, 0.5, -1, 1.25, 1e-7];
    const single = writeWav(new Uint8Array(Float32Array.from(values).buffer), { tag: 3, bits: 32 });
    const double = writeWav(new Uint8Array(Float64Array.from(values).buffer), { tag: 3, bits: 64, extensible: true });
    expect((await decodeAudio(single)).channels).toEqual([Float32Array.from(values)]);
    expect((await decodeAudio(double)).channels).toEqual([Float32Array.from(values)]);
  });

  it('skips other chunks, odd ones with their pad byte, and bytes after the data', async () => {
    const between = [{ id: 'LIST', length: 5 }, { id: 'fact', length: 4 }]; // prettier-ignore
    const wav = writeWav(encodeIntegers([1, -2, 3], 16), { between });
    const tail = Uint8Array.from([...wav, 7, 7, 7]);
    expect((await decodeAudio(tail)).channels).toEqual([Float32Array.from([1, -2, 3], (value) => value / 2 ** 15)]);
  });

  it('reads to the end of the file where a program that wrote to a pipe left the length open', async () => {
    const wav = writeWav(encodeIntegers([1, 2], 16), { dataLength: 0xffffffff });
    expect((await decodeAudio(wav)).channels[0]).toHaveLength(2);
  });

  it('reads a view into a larger buffer', async () => {
    const wav = writeWav(encodeIntegers([5, 6], 16));
    const larger = new Uint8Array(wav.length + 7);
    larger.set(wav, 3);
    expect((await decodeAudio(larger.subarray(3, 3 + wav.length))).channels[0]).toHaveLength(2);
  });

  it.each([
    [2, 'Microsoft ADPCM'],
    [0x11, 'IMA ADPCM'],
    [6, 'A-law'],
    [7, 'mu-law'],
    [0x55, 'MP3'],
    [0x1234, 'format tag 4660'],
  ])('refuses format tag %i by name', async (tag, name) => {
    const wav = writeWav(new Uint8Array(8), { tag, bits: 8 });
    await expect(decodeAudio(wav)).rejects.toThrow(`got ${name}; convert it to 16-bit PCM`);
  });

  it('refuses odd sample sizes, no channels and no rate', async () => {
    await expect(decodeAudio(writeWav(new Uint8Array(40), { bits: 40 }))).rejects.toThrow('8, 16, 24 or 32 bits');
    await expect(decodeAudio(writeWav(new Uint8Array(8), { tag: 3, bits: 16 }))).rejects.toThrow('32 or 64 bits');
    await expect(decodeAudio(writeWav(new Uint8Array(8), { channels: 0 }))).rejects.toThrow('0 channels');
    await expect(decodeAudio(writeWav(new Uint8Array(8), { sampleRate: 0 }))).rejects.toThrow('at 0 Hz');
    for (const sampleRate of [1, 999, 768_001, 4_294_967_295])
      await expect(decodeAudio(writeWav(new Uint8Array(8), { sampleRate }))).rejects.toThrow(
        `expected a sample rate from 1000 to 768000 Hz, got ${sampleRate}; its header is damaged`,
      );
  });

  it('refuses a file that is cut anywhere', async () => {
    const wav = writeWav(encodeIntegers([1, 2, 3, 4], 16), { extensible: true });
    for (let length = 12; length < wav.length; length++) {
      await expect(decodeAudio(wav.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        /^decodeAudio: .*truncated/,
      );
    }
  });

  it('refuses a file without samples', async () => {
    await expect(decodeAudio(writeWav(new Uint8Array(0)))).rejects.toThrow('the recording is empty');
    await expect(decodeAudio(writeWav(new Uint8Array(1)))).rejects.toThrow('the recording is empty');
  });

  it.each([NaN, Infinity, -Infinity])('refuses the sample %d, naming its place', async (bad) => {
    const wav = writeWav(new Uint8Array(Float32Array.of(0, 0, 0, bad).buffer), { tag: 3, bits: 32, channels: 2 });
    await expect(decodeAudio(wav)).rejects.toThrow(`channel 1: expected finite samples, got ${bad} at sample 1`);
  });

  it.each([1e38, -1e38, 10_001])('refuses the float sample %d, which no recording holds', async (bad) => {
    const wav = writeWav(new Uint8Array(Float32Array.of(0, 9999, -10_000, bad).buffer), { tag: 3, bits: 32 });
    await expect(decodeAudio(wav)).rejects.toThrow(
      `channel 0: expected samples within ±10000, where full scale is ±1, got ${Math.fround(bad)} at sample 3`,
    );
    const loud = writeWav(new Uint8Array(Float32Array.of(0, 9999, -10_000).buffer), { tag: 3, bits: 32 });
    expect((await decodeAudio(loud)).channels[0]).toHaveLength(3);
  });

  it.each([
    [24, 1, 4],
    [24, 2, 8],
    [16, 1, 4],
    [16, 2, 2],
    [16, 1, 0],
  ])('refuses %i bits of %i channels in blocks of %i bytes', async (bits, channels, blockAlign) => {
    const wav = writeWav(new Uint8Array(48), { bits, channels, blockAlign });
    await expect(decodeAudio(wav)).rejects.toThrow(
      `expected a block of ${(channels * bits) / 8} bytes in the WAV file (${channels} channels of ${bits} bits), got ${blockAlign}; convert it`,
    );
  });

  it('reads 12 bits in two bytes, and 20 in three, left-justified', async () => {
    const samples = [0x1230, -0x1230];
    const wav = writeWav(encodeIntegers(samples, 16), { bits: 12, blockAlign: 2 });
    expect((await decodeAudio(wav)).channels).toEqual([Float32Array.from(samples, (value) => value / 2 ** 15)]);
    const wider = writeWav(encodeIntegers([0x123450], 24), { bits: 20, blockAlign: 3 });
    expect((await decodeAudio(wider)).channels).toEqual([Float32Array.of(0x123450 / 2 ** 23)]);
  });
});
