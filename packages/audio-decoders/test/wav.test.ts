import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAudio, openAudio } from '../src/index.js';
import { ascii, whole } from './write-containers.js';
import { writeWav } from './write-wav.js';

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
    [0x31, 'GSM 6.10'],
    [0x45, 'G.726 ADPCM'],
    [0x22, 'DSP Group TrueSpeech'],
    [0x161, 'Windows Media Audio 2'],
    [0x1234, 'format tag 4660'],
  ])('refuses format tag %i by name', async (tag, name) => {
    const wav = writeWav(new Uint8Array(8), { tag, bits: 8 });
    await expect(decodeAudio(wav)).rejects.toThrow(`got ${name}; convert it to 16-bit PCM`);
    await expect(decodeAudio(wav)).rejects.toMatchObject({ problem: 'unsupported', format: `WAV (${name})` });
  });

  it('refuses odd sample sizes, no channels and no rate', async () => {
    await expect(decodeAudio(writeWav(new Uint8Array(40), { bits: 72 }))).rejects.toThrow('samples of 72 bits');
    await expect(decodeAudio(writeWav(new Uint8Array(8), { tag: 3, bits: 16 }))).rejects.toThrow('floats of 16 bits');
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
      await expect(decodeAudio(wav.subarray(0, length)), `${length} bytes`).rejects.toThrow(/^openAudio: .*truncated/);
    }
  });

  it('refuses a file without samples', async () => {
    await expect(decodeAudio(writeWav(new Uint8Array(0)))).rejects.toThrow('the recording is empty');
    await expect(decodeAudio(writeWav(new Uint8Array(1)))).rejects.toThrow('the recording is empty');
  });

  it.each([NaN, Infinity, -Infinity])('refuses the sample %d, naming its place', async (bad) => {
    const wav = writeWav(new Uint8Array(Float32Array.of(0, 0, 0, bad).buffer), { tag: 3, bits: 32, channels: 2 });
    await expect(decodeAudio(wav)).rejects.toThrow(`expected finite samples, got ${bad} in channel 1 at sample 1`);
  });

  it.each([1e38, -1e38, 10_001])('refuses the float sample %d, which no recording holds', async (bad) => {
    const wav = writeWav(new Uint8Array(Float32Array.of(0, 9999, -10_000, bad).buffer), { tag: 3, bits: 32 });
    await expect(decodeAudio(wav)).rejects.toThrow(
      `expected samples within ±10000, where full scale is ±1, got ${Math.fround(bad)} in channel 0 at sample 3`,
    );
    const loud = writeWav(new Uint8Array(Float32Array.of(0, 9999, -10_000).buffer), { tag: 3, bits: 32 });
    expect((await decodeAudio(loud)).channels[0]).toHaveLength(3);
  });

  it.each([
    [16, 2, 2],
    [16, 1, 0],
    [24, 2, 7],
    [16, 1, 9],
  ])('refuses %i bits of %i channels in blocks of %i bytes', async (bits, channels, blockAlign) => {
    const wav = writeWav(new Uint8Array(48), { bits, channels, blockAlign });
    await expect(decodeAudio(wav)).rejects.toThrow(
      `expected blocks of ${(channels * bits) / 8} bytes (${channels} channels of ${bits} bits) in the header of the WAV file, got ${blockAlign} bytes`,
    );
  });

  it('reads 12 bits in two bytes, and 20 in three, left-justified', async () => {
    const samples = [0x1230, -0x1230];
    const wav = writeWav(encodeIntegers(samples, 16), { bits: 12, blockAlign: 2 });
    expect((await decodeAudio(wav)).channels).toEqual([Float32Array.from(samples, (value) => value / 2 ** 15)]);
    const wider = writeWav(encodeIntegers([0x123450], 24), { bits: 20, blockAlign: 3 });
    expect((await decodeAudio(wider)).channels).toEqual([Float32Array.of(0x123450 / 2 ** 23)]);
  });

  it('reads 4 bits in one byte and 24 in four, left-justified', async () => {
    const nibbles = writeWav(Uint8Array.of(0x00, 0x80, 0xf0), { bits: 4, blockAlign: 1 });
    expect((await decodeAudio(nibbles)).channels).toEqual([Float32Array.of(-1, 0, 7 / 8)]);
    const wide = writeWav(encodeIntegers([0x12345600, -0x12345600], 32), { bits: 24, blockAlign: 4 });
    expect((await decodeAudio(wide)).channels).toEqual([
      Float32Array.from([0x123456, -0x123456], (value) => value / 2 ** 23),
    ]);
  });

  it('reads 24 bits in the low bytes of four where the samples tell', async () => {
    const values = [0x123456, -0x123456, 1, 0x7fffff];
    const low = writeWav(encodeIntegers(values, 32), { bits: 24, blockAlign: 4 });
    const expected = [Float32Array.from(values, (value) => value / 2 ** 23)];
    expect((await decodeAudio(low)).channels).toEqual(expected);
    const one = writeWav(encodeIntegers([0x12345600, 1], 32), { bits: 24, blockAlign: 4 }); // a high one among them
    expect((await decodeAudio(one)).channels).toEqual([Float32Array.of(0x12345600 / 2 ** 31, 2 ** -31)]);
  });

  it.each([
    [16, 12_000],
    [16, -32_768],
    [24, 32_769],
    [24, -8_388_608],
    [32, 8_388_609],
    [32, -2_147_483_648],
  ])('says that large floats look like %i-bit integers: %d', async (bits, value) => {
    const wav = writeWav(new Uint8Array(Float32Array.of(0, value, 3).buffer), { tag: 3, bits: 32 });
    await expect(decodeAudio(wav)).rejects.toThrow(
      `look like ${bits}-bit integers stored as floats: divide them by ${2 ** (bits - 1)}, or`,
    );
    const between = writeWav(new Uint8Array(Float32Array.of(0, value, 0.5).buffer), { tag: 3, bits: 32 });
    await expect(decodeAudio(between)).rejects.toThrow('the recording is damaged');
    const loud = writeWav(new Uint8Array(Float32Array.of(0.5, value, 3.25).buffer), { tag: 3, bits: 32 });
    await expect(decodeAudio(loud)).rejects.toThrow(`look like ${bits}-bit integers stored as floats`);
  });
});

describe('sizes that were left open in WAV', () => {
  const samples = [5, -6, 7, -8, 9, 10];
  const data = encodeIntegers(samples, 16);
  const expected = [Float32Array.from(samples, (value) => value / 2 ** 15)];

  it.each([
    ['ffmpeg', 0xffffffff, 0xffffffff],
    ['all ones less a header', 0xffffffff - 36, 0xffffffff],
    ['sox', 0x7ffff000, 0x7ffff024],
    ['the largest signed number', 0x7fffffff, 0x7fffffff],
    ['that less a header', 0x7fffffdb, 0x7fffffff],
    ['arecord', 0x80000000, 0x80000024],
    ['an unfinished recorder', 0, 0],
    ['zeros in one place', 0, undefined],
    ['a number that was never corrected', 1_000_000, 0],
  ])('reads to the end: %s', async (_, dataLength, riffLength) => {
    const wav = writeWav(data, { dataLength, ...(riffLength !== undefined && { riffLength }) });
    expect((await decodeAudio(wav)).channels).toEqual(expected);
    const odd = Uint8Array.from([...wav, 3]); // the pipe broke in the middle of a sample
    expect((await decodeAudio(odd)).channels).toEqual(expected);
  });

  it('takes chunks behind a length of 0 for what they are', async () => {
    const list = [...ascii('LIST'), ...whole(4, 4, false), ...ascii('INFO')];
    const wav = writeWav(new Uint8Array(0), { dataLength: 0, behind: list });
    await expect(decodeAudio(wav)).rejects.toMatchObject({ problem: 'empty' });
    await expect(decodeAudio(writeWav(new Uint8Array(0)))).rejects.toThrow('the recording is empty');
  });

  it('goes on after 4 GiB, where a size of 32 bits starts at 0 again', async () => {
    const wav = writeWav(data, { dataLength: 12 });
    const long = 2 ** 32;
    const sound = await openAudio({
      size: wav.length + long,
      read(position, target) {
        target.fill(0);
        target.set(wav.subarray(position, position + target.length));
        return target.length;
      },
    });
    expect(sound.frames).toBe((12 + long) / 2);
  });
});

describe('headers of WAV that are a little off', () => {
  const samples = Array.from({ length: 4000 }, (_, i) => i);
  const data = encodeIntegers(samples, 16);
  const length = async (wav: Uint8Array): Promise<number> => (await decodeAudio(wav)).channels[0]!.length;

  it('reads what declares the header as samples, refuses what lacks more', async () => {
    expect(await length(writeWav(data, { dataLength: data.length + 44 }))).toBe(4000);
    expect(await length(writeWav(data, { dataLength: data.length + 128 }))).toBe(4000);
    const cut = writeWav(data, { dataLength: data.length + 130 });
    await expect(decodeAudio(cut)).rejects.toThrow('4.1 ms of 0.3 s are missing');
    const short = writeWav(encodeIntegers([1, 2], 16), { dataLength: 6 });
    await expect(decodeAudio(short)).rejects.toMatchObject({ problem: 'truncated' });
    expect((await openAudio(cut, { damaged: 'keep' })).damage).toBe('4.1 ms of 0.3 s are missing');
  });

  it('ends where the header says when it declares less', async () => {
    expect(await length(writeWav(data, { dataLength: 1000 }))).toBe(500);
    expect(await length(writeWav(data, { riffLength: 100 }))).toBe(4000);
  });

  it('finds chunks behind an odd one without padding, and behind an extension that was not counted', async () => {
    const wav = writeWav(data, { between: [{ id: 'LIST', length: 27 }] });
    const pad = 12 + 24 + 8 + 27;
    expect(await length(Uint8Array.from([...wav.subarray(0, pad), ...wav.subarray(pad + 1)]))).toBe(4000);
    const uncounted = Uint8Array.from([...writeWav(data).subarray(0, 36), 0, 0, ...writeWav(data).subarray(36)]);
    expect(await length(uncounted)).toBe(4000);
  });

  it('reads samples that stand before their format', async () => {
    const wav = writeWav(data);
    const format = wav.subarray(12, 36);
    const turned = Uint8Array.from([...wav.subarray(0, 12), ...wav.subarray(36), ...format]);
    expect(await decodeAudio(turned)).toEqual(await decodeAudio(wav));
  });

  it('refuses a chunk that is longer than the file, and more chunks than any program writes', async () => {
    const huge = Uint8Array.from([
      ...writeWav(data).subarray(0, 12),
      ...ascii('blob'),
      ...whole(4294967280, 4, false),
      1,
    ]);
    await expect(decodeAudio(huge)).rejects.toThrow('expected 4294967280 bytes in the chunk "blob"');
    const chunk = [...ascii('JUNK'), 0, 0, 0, 0];
    const many = Uint8Array.from([
      ...writeWav(data).subarray(0, 12),
      ...Array.from({ length: 10_001 }, () => chunk).flat(),
    ]);
    await expect(decodeAudio(many)).rejects.toThrow('at most 10000 chunks');
  });
});
