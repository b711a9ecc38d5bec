import { describe, expect, it } from 'vitest';
import { decodeAudio, openAudio } from '../src/index.js';
import { whole, writeAiff, writeAu, writeCaf } from './write-containers.js';
import { writeWav } from './write-wav.js';

const samples = async (file: Uint8Array): Promise<number[][]> =>
  (await decodeAudio(file)).channels.map((channel) => Array.from(channel, (sample) => sample * 2 ** 15));

// ITU-T G.711, tables 1a to 2b: the ends and middles of segments, as 16-bit numbers.
const A_LAW = [[0x55, -8], [0xd5, 8], [0x2a, -32256], [0xaa, 32256], [0x54, -24], [0x80, 5504], [0x00, -5504]]; // prettier-ignore
const MU_LAW = [[0x00, -32124], [0x80, 32124], [0x7f, 0], [0xff, 0], [0xfe, 8], [0x70, -120], [0x8f, 16764]]; // prettier-ignore

describe('A-law and mu-law', () => {
  it.each([
    ['WAV', A_LAW, (data: number[]) => writeWav(Uint8Array.from(data), { tag: 6, bits: 8 })],
    ['AU', A_LAW, (data: number[]) => writeAu(data, 27)],
    ['AIFF-C', A_LAW, (data: number[]) => writeAiff(data, 'alaw', { bits: 16, frames: data.length })],
    ['CAF', A_LAW, (data: number[]) => writeCaf(data, { kind: 'alaw', packet: 1, bits: 8 })],
    ['WAV', MU_LAW, (data: number[]) => writeWav(Uint8Array.from(data), { tag: 7, bits: 8 })],
    ['AU', MU_LAW, (data: number[]) => writeAu(data, 1)],
    ['AIFF-C', MU_LAW, (data: number[]) => writeAiff(data, 'ULAW', { bits: 16, frames: data.length })],
    ['CAF', MU_LAW, (data: number[]) => writeCaf(data, { kind: 'ulaw', packet: 1, bits: 8 })],
  ])('of %s', async (_, table, write) => {
    const file = write(table.map(([code]) => code!));
    expect(await samples(file)).toEqual([table.map(([, value]) => value)]);
  });
});

/** Noise that no coder would write, and that moves the steps through their range. */
function noise(length: number): number[] {
  let state = 12345;
  return Array.from({ length }, () => ((state = (state * 1103515245 + 12345) % 2 ** 31) >>> 16) & 255);
}

describe('IMA ADPCM in WAV', () => {
  const wav = (blocks: number[], blockAlign: number, channels = 1, frames?: number): Uint8Array =>
    writeWav(Uint8Array.from(blocks), {
      tag: 0x11,
      bits: 4,
      blockAlign,
      channels,
      extension: [2, 0, ...whole(1, 2, false)],
      ...(frames !== undefined && { fact: frames }),
    });

  it('starts with the sample of the header and moves by steps', async () => {
    // Header: sample 1000, index 20 (step 50). Codes 7, 15, 0, 8 with ((2 code + 1) step) >> 3.
    const [channel] = await samples(wav([...whole(1000, 2, false), 20, 0, 0xf7, 0x80, 0, 0], 8));
    const step28 = 107;
    const step36 = 230;
    const up = 1000 + ((15 * 50) >> 3);
    const down = up - ((15 * step28) >> 3);
    const third = down + (step36 >> 3);
    expect(channel!.slice(0, 5)).toEqual([1000, up, down, third, third - (209 >> 3)]);
  });

  it('puts eight codes of each channel in turn', async () => {
    const left = [10, 0, 0, 0];
    const right = [20, 0, 0, 0];
    const stereo = await samples(
      wav([...left, ...right, ...[1, 2, 3, 4], ...[5, 6, 7, 8], ...[9, 10, 11, 12], ...[13, 14, 15, 16]], 24, 2),
    );
    const alone = async (header: number[], codes: number[]): Promise<number[][]> =>
      samples(wav([...header, ...codes], 12));
    expect(stereo[0]).toEqual((await alone(left, [1, 2, 3, 4, 9, 10, 11, 12]))[0]);
    expect(stereo[1]).toEqual((await alone(right, [5, 6, 7, 8, 13, 14, 15, 16]))[0]);
  });

  it('cuts what fills up the last block, by the chunk "fact"', async () => {
    const blocks = [...[0, 0, 0, 0, 1, 2, 3, 4], ...[0, 0, 0, 0, 1, 2, 3, 4]]; // 9 samples each
    expect((await samples(wav(blocks, 8)))[0]).toHaveLength(18);
    expect((await samples(wav(blocks, 8, 1, 13)))[0]).toHaveLength(13);
    expect((await samples(wav(blocks, 8, 1, 0)))[0]).toHaveLength(18); // never filled in
  });

  it('reads a last block that is cut, and stays within 16 bits whatever the codes', async () => {
    const all = await samples(wav([0, 0, 88, 0, ...noise(252), 0, 0, 200, 0, ...noise(60)], 256));
    expect(all[0]).toHaveLength(505 + 121);
    expect(Math.max(...all[0]!.map(Math.abs))).toBeLessThanOrEqual(32768);
  });

  it('refuses blocks that hold no header, and other numbers of bits', async () => {
    await expect(decodeAudio(wav([0, 0, 0, 0], 3))).rejects.toThrow('blocks of at least 4 bytes');
    const three = writeWav(new Uint8Array(8), { tag: 0x11, bits: 3, blockAlign: 8 });
    await expect(decodeAudio(three)).rejects.toThrow('got ADPCM of 3 bits');
  });
});

describe('Microsoft ADPCM', () => {
  // Step 16, then the second sample 300, then the first one 200; weights 2: the prediction is 0.
  const header = [2, ...whole(16, 2, false), ...whole(300, 2, false), ...whole(200, 2, false)];
  const wav = (data: number[], blockAlign: number, options = {}): Uint8Array =>
    writeWav(Uint8Array.from(data), { tag: 2, bits: 4, blockAlign, ...options });

  it('gives both samples of the header and codes times the step', async () => {
    const [channel] = await samples(wav([...header, 0x7f], 8));
    expect(channel).toEqual([200, 300, 7 * 16, -((614 * 16) >> 8)]);
  });

  it('rounds the prediction towards zero', async () => {
    // Weights 3: (192 * -3 + 64 * -2) / 256 = -2.75
    const negative = [3, ...whole(16, 2, false), ...whole(-3, 2, false), ...whole(-2, 2, false)];
    expect((await samples(wav([...negative, 0x00], 8)))[0]!.slice(0, 3)).toEqual([-2, -3, -2]);
  });

  it('takes the weights that the file brings', async () => {
    const weights = Array.from({ length: 8 }, () => [...whole(0, 2, false), ...whole(256, 2, false)]).flat();
    const extension = [...whole(36, 2, false), ...whole(2, 2, false), ...whole(8, 2, false), ...weights];
    const [channel] = await samples(wav([7, ...header.slice(1), 0x00], 8, { extension }));
    expect(channel).toEqual([200, 300, 200, 300]);
  });

  it('refuses more than two channels', async () => {
    await expect(decodeAudio(wav(new Array<number>(60).fill(0), 60, { channels: 3 }))).rejects.toThrow('3 channels');
  });
});

describe('IMA ADPCM of Apple', () => {
  const packet = (sample: number, index: number, codes: number[]): number[] => [
    ...whole((sample & ~127) | index, 2, true),
    ...codes,
  ];
  const codes = (seed: number): number[] => noise(64).slice(seed, seed + 32);

  it('adds up shifted steps', async () => {
    const file = writeAiff(packet(1024, 20, [0xf7, 0, ...new Array<number>(30).fill(0)]), 'ima4', { frames: 1 });
    const [channel] = await samples(file);
    const up = 1024 + (50 >> 3) + 50 + (50 >> 1) + (50 >> 2);
    expect(channel!.slice(0, 2)).toEqual([up, up - (107 >> 3) - 107 - (107 >> 1) - (107 >> 2)]);
    expect(channel).toHaveLength(64);
  });

  it('goes on from the sample before where the header agrees with it, and so needs what came before', async () => {
    const steady = [...packet(0, 0, new Array<number>(32).fill(0x44))];
    const first = await samples(writeAiff(steady, 'ima4', { frames: 1 }));
    const last = first[0]!.at(-1)!;
    const index = 88; // code 4 moves it up by 2 each time
    const both = [...steady, ...packet(last, index, new Array<number>(32).fill(0))];
    const [channel] = await samples(writeAiff(both, 'ima4', { frames: 2 }));
    expect(last % 128).not.toBe(0);
    expect(channel![64]).toBe(Math.min(32767, last + (32767 >> 3)));
  });

  it('reads the same anywhere and in any order', async () => {
    const packets = Array.from({ length: 24 }, (_, i) => packet((i * 997) % 3000, (i * 7) % 60, codes(i))).flat();
    const caf = writeCaf(
      packets,
      { kind: 'ima4', packet: 68, framesPerPacket: 64, bits: 0, validFrames: 750 },
      { channels: 2 },
    );
    const whole = await decodeAudio(caf);
    expect(whole.channels[0]).toHaveLength(750);
    const sound = await openAudio(caf);
    for (const [start, count] of [
      [700, 100],
      [0, 10],
      [10, 60],
      [64, 64],
      [127, 2],
      [128, 500],
      [3, 747],
      [64, 1],
    ] as const) {
      // prettier-ignore
      const part = await sound.read(start, count);
      expect(part).toEqual(whole.channels.map((channel) => channel.slice(start, start + count)));
    }
  });
});

it('keeps the count of other codings out of it', async () => {
  // Some programs write twice the count for stereo, or none, into "fact" of PCM.
  const wav = writeWav(new Uint8Array(16), { fact: 3, channels: 2 });
  expect((await samples(wav))[0]).toHaveLength(4);
});
