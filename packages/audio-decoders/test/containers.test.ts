import { describe, expect, it } from 'vitest';
import { decodeAudio, openAudio } from '../src/index.js';
import { float64, toRf64, toW64, whole, writeAiff, writeAu, writeCaf } from './write-containers.js';
import { writeWav } from './write-wav.js';

/** Integers over the whole range of `bits` bits, both ends and zero among them. */
function ramp(bits: number): bigint[] {
  const limit = 1n << BigInt(bits - 1);
  return [0n, 1n, -1n, limit - 1n, -limit, limit / 3n, -limit / 5n, 77n % limit];
}
const scaled = (values: readonly bigint[], bits: number): Float32Array =>
  Float32Array.from(values, (value) => Number(value) / 2 ** (bits - 1));
const bytes = (values: readonly bigint[], bits: number, bigEndian: boolean): number[] =>
  values.flatMap((value) => whole(value, bits / 8, bigEndian));
const floats = [0, 0.5, -1, 1.25, 1e-7, -0.1];
const float32 = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)].reverse();

/** Even samples left, odd ones right. */
const stereo = (samples: Float32Array): Float32Array[] =>
  [0, 1].map((channel) => samples.filter((_, i) => i % 2 === channel));

describe('containers of integers', () => {
  const kinds: readonly (readonly [name: string, bits: number, (values: readonly bigint[]) => Uint8Array])[] = [
    ...[8, 16, 24, 32].map((bits) => ['AIFF', bits, (v: readonly bigint[]) => writeAiff(bytes(v, bits, true), undefined, { bits, channels: 2 })] as const),
    ...[8, 16, 24, 32].map((bits) => ['AIFC twos', bits, (v: readonly bigint[]) => writeAiff(bytes(v, bits, true), 'twos', { bits, channels: 2 })] as const),
    ...[8, 16, 24, 32].map((bits) => ['AIFC sowt', bits, (v: readonly bigint[]) => writeAiff(bytes(v, bits, false), 'sowt', { bits, channels: 2 })] as const),
    ['AIFC in24', 24, (v) => writeAiff(bytes(v, 24, true), 'in24', { bits: 24, channels: 2 })],
    ['AIFC 42ni', 24, (v) => writeAiff(bytes(v, 24, false), '42ni', { bits: 24, channels: 2 })],
    ['AIFC in32', 32, (v) => writeAiff(bytes(v, 32, true), 'in32', { bits: 32, channels: 2 })],
    ['AIFC 23ni', 32, (v) => writeAiff(bytes(v, 32, false), '23ni', { bits: 32, channels: 2 })],
    ...([[2, 8], [3, 16], [4, 24], [5, 32]] as const).map(([encoding, bits]) => ['AU', bits, (v: readonly bigint[]) => writeAu(bytes(v, bits, true), encoding, { channels: 2 })] as const),
    ['AU of DEC', 16, (v) => writeAu(bytes(v, 16, false), 3, { channels: 2 }, false)],
    ...[8, 16, 24, 32, 40, 64].map((bits) => ['CAF', bits, (v: readonly bigint[]) => writeCaf(bytes(v, bits, true), { bits, packet: bits / 4 }, { channels: 2 })] as const),
    ...[16, 24].map((bits) => ['CAF little-endian', bits, (v: readonly bigint[]) => writeCaf(bytes(v, bits, false), { bits, packet: bits / 4, flags: 2 }, { channels: 2 })] as const),
    ...[16, 24, 32, 40, 48, 56, 64].map((bits) => ['WAV', bits, (v: readonly bigint[]) => writeWav(Uint8Array.from(bytes(v, bits, false)), { bits, channels: 2 })] as const),
    ['W64', 16, (v) => toW64(writeWav(Uint8Array.from(bytes(v, 16, false)), { channels: 2 }))],
    ['RF64', 16, (v) => toRf64(writeWav(Uint8Array.from(bytes(v, 16, false)), { channels: 2 }), 'RF64')],
    ['BW64', 24, (v) => toRf64(writeWav(Uint8Array.from(bytes(v, 24, false)), { channels: 2, bits: 24 }), 'BW64')],
    ['RIFX', 16, (v) => writeWav(Uint8Array.from(bytes(v, 16, true)), { channels: 2, bigEndian: true })],
    ['RIFX', 24, (v) => writeWav(Uint8Array.from(bytes(v, 24, true)), { channels: 2, bits: 24, bigEndian: true })],
  ]; // prettier-ignore

  it.each(kinds)('%s of %i bits', async (_, bits, write) => {
    const values = ramp(bits);
    const audio = await decodeAudio(write(values));
    expect(audio.sampleRate).toBe(16000);
    expect(audio.channels).toEqual(stereo(scaled(values, bits)));
  });

  it('AIFF of 12 bits, left-justified in two bytes', async () => {
    const audio = await decodeAudio(
      writeAiff(bytes([0x1230n, -0x1230n], 16, true), undefined, { bits: 12, frames: 2 }),
    );
    expect(audio.channels).toEqual([scaled([0x1230n, -0x1230n], 16)]);
  });

  it('CAF of 24 bits in four bytes, left-justified', async () => {
    const caf = writeCaf(bytes([0x12345600n, -0x12345600n], 32, true), { bits: 24, packet: 4 });
    expect((await openAudio(caf)).format).toBe('CAF (24-bit in 32 PCM)');
    expect((await decodeAudio(caf)).channels).toEqual([scaled([0x12345600n, -0x12345600n], 32)]);
  });

  it('AIFF-C of raw bytes, which are unsigned', async () => {
    const audio = await decodeAudio(writeAiff([0, 128, 255], 'raw ', { bits: 8 }));
    expect(audio.channels).toEqual([Float32Array.of(-1, 0, 127 / 128)]);
  });
});

describe('containers of floats', () => {
  const little = (values: number[]): number[] => [...values].reverse();
  it.each([
    ['AIFC fl32', writeAiff(floats.flatMap(float32), 'fl32', { bits: 32 })],
    ['AIFC FL32', writeAiff(floats.flatMap(float32), 'FL32', { bits: 32 })],
    ['AIFC fl64', writeAiff(floats.flatMap(float64), 'fl64', { bits: 64 })],
    ['AU 32', writeAu(floats.flatMap(float32), 6)],
    ['AU 64', writeAu(floats.flatMap(float64), 7)],
    ['CAF 32', writeCaf(floats.flatMap(float32), { bits: 32, packet: 4, flags: 1 })],
    [
      'CAF 64',
      writeCaf(
        floats.flatMap((value) => little(float64(value))),
        { bits: 64, packet: 8, flags: 3 },
      ),
    ],
    ['RIFX', writeWav(Uint8Array.from(floats.flatMap(float32)), { tag: 3, bits: 32, bigEndian: true })],
  ])('%s', async (_, file) => {
    expect((await decodeAudio(file)).channels).toEqual([Float32Array.from(floats)]);
  });
});

describe('headers of containers', () => {
  const data = bytes(ramp(16), 16, true);

  it.each([
    ['AIFF', (declared: number) => writeAiff(data, undefined, { declared })],
    ['AU', (declared: number) => writeAu(data, 3, { declared })],
    ['CAF', (declared: number) => writeCaf(data, { bits: 16, packet: 2 }, { declared })],
  ])('%s: refuses what is cut, with the seconds, and keeps it when told to', async (name, write) => {
    const much = 2 * 16000 * 10; // 10 s, of which 8 samples are there
    const file = write(much);
    const whole = name === 'AIFF' ? writeAiff(data, undefined, { declared: much, frames: 160_000 }) : file;
    await expect(decodeAudio(whole)).rejects.toMatchObject({ problem: 'truncated' });
    await expect(decodeAudio(whole)).rejects.toThrow(/10\.0 s of 10\.0 s are missing.*truncated/);
    const kept = await openAudio(whole, { damaged: 'keep' });
    expect([kept.frames, kept.damage]).toEqual([8, '10.0 s of 10.0 s are missing']);
  });

  it.each([
    ['AIFF, as ffmpeg leaves it', writeAiff(data, undefined, { declared: -8, frames: 0 })],
    ['AIFF, as sox leaves it', writeAiff(data, undefined, { declared: 0x7f000000, frames: 0x7f000000 / 2 })],
    ['AU', writeAu(data, 3, { declared: 0xffffffff })],
    ['AU, a zero', writeAu(data, 3, { declared: 0 })],
    ['CAF', writeCaf(data, { bits: 16, packet: 2 }, { declared: -1 })],
    ['CAF, never filled in', writeCaf(data, { bits: 16, packet: 2 }, { declared: -4 })],
    ['W64, a zero', toW64(writeWav(Uint8Array.from(bytes(ramp(16), 16, false))), 0)],
    ['W64, as ffmpeg leaves it', toW64(writeWav(Uint8Array.from(bytes(ramp(16), 16, false))), 2 ** 62)],
    ['RF64, never filled in', toRf64(writeWav(Uint8Array.from(bytes(ramp(16), 16, false))), 'RF64', 0)],
  ])('reads to the end where the size was left open: %s', async (_, file) => {
    expect((await decodeAudio(file)).channels).toEqual([scaled(ramp(16), 16)]);
  });

  it('reads rates that no integer holds, and refuses absurd ones', async () => {
    expect((await decodeAudio(writeAiff(data, undefined, { sampleRate: 22254.545454 }))).sampleRate).toBe(22255);
    await expect(decodeAudio(writeAiff(data, undefined, { sampleRate: 2 ** 40 }))).rejects.toThrow('1000 to 768000 Hz');
    await expect(decodeAudio(writeCaf(data, { bits: 16, packet: 2 }, { sampleRate: NaN }))).rejects.toThrow('got NaN');
  });

  it.each([
    [writeAiff(data, 'MAC3'), 'MACE 3:1'],
    [writeAiff(data, 'what'), 'the coding "what"'],
    [writeAu(data, 23), 'G.721 ADPCM'],
    [writeAu(data, 99), 'encoding 99'],
  ])('refuses by name what is not read', async (file, name) => {
    await expect(decodeAudio(file)).rejects.toMatchObject({ problem: 'unsupported' });
    await expect(decodeAudio(file)).rejects.toThrow(`got ${name}; convert it`);
  });

  it.each([0, 65_536, 2 ** 32 - 1])('refuses %i channels', async (channels) => {
    await expect(decodeAudio(writeAu(data, 1, { channels }))).rejects.toThrow(
      `1 to 65535 channels in the header of the AU`,
    );
    const caf = writeCaf(data, { bits: 16, packet: 2 }, { channels });
    await expect(decodeAudio(caf)).rejects.toMatchObject({ problem: 'damaged' });
  });

  it.each([
    ['AIFF', writeAiff([], undefined)],
    ['AU', writeAu([], 3)],
    ['CAF', writeCaf([], { bits: 16, packet: 2 })],
    ['W64', toW64(writeWav(new Uint8Array(0)))],
  ])('calls %s without samples empty', async (_, file) => {
    await expect(decodeAudio(file)).rejects.toMatchObject({ problem: 'empty' });
  });

  it('refuses headers that are cut anywhere', async () => {
    const files = [writeAiff(data, undefined), writeAu(data, 3), writeCaf(data, { bits: 16, packet: 2 })];
    for (const file of files) {
      for (let length = 24; length < file.length - data.length; length++) {
        const problem = decodeAudio(file.subarray(0, length));
        await expect(problem, `${length} bytes`).rejects.toMatchObject({
          problem: expect.stringMatching(/truncated|empty/) as string,
        });
      }
    }
  });
});
