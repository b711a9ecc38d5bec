import { createLogMel, resample } from '@audio-ssl/audio-frontend';
import { randomStream } from '@audio-ssl/params';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  createExtractor,
  MATPAC_STANDARDIZATION,
  soundStream,
  type ExtractorOptions,
  type FrameFeatures,
  type SoundStream,
} from '../src/index.js';

const model = { patch: [16, 16] as const, embedDim: 16, depth: 2, numHeads: 2 };
const weights = initSpectrogramEncoder(model, randomStream(1));
const base: ExtractorOptions = { ...model, standardization: MATPAC_STANDARDIZATION, chunkFrames: 64 };
const random = randomStream(2);
const noise = (samples: number): Float32Array => Float32Array.from({ length: samples }, () => random() - 0.5);
const audio = { sampleRate: 22_050, channels: [noise(22_050 * 9), noise(22_050 * 9)] };

/** A stream in blocks of the lengths given, over and over. */
async function* blocksOf(channels: readonly Float32Array[], lengths: readonly number[]) {
  for (let at = 0, i = 0; at < channels[0]!.length; i++) {
    const count = lengths[i % lengths.length]!;
    yield await Promise.resolve(channels.map((channel) => channel.slice(at, at + count)));
    at += count;
  }
}
const streamOf = (lengths: readonly number[], { sampleRate, channels } = audio): SoundStream => ({
  sampleRate,
  blocks: blocksOf(channels, lengths),
});

/** The encoder sees the same numbers in other groups, so that only the rounding of its matrix products may differ. */
const expectSame = (got: FrameFeatures, expected: FrameFeatures): void => {
  expect([got.frames, got.dims, got.layers.length]).toEqual([expected.frames, expected.dims, expected.layers.length]);
  [got.data, ...got.layers].forEach((values, i) => {
    const others = [expected.data, ...expected.layers][i]!;
    expect(values).toHaveLength(others.length);
    expect(Math.max(...values.map((value, k) => Math.abs(value - others[k]!)))).toBeLessThan(1e-5);
  });
};

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a stream of samples', () => {
  it.each([
    ['of one block', [audio.channels[0]!.length]],
    ['of the blocks of an audio worklet', [128]],
    ['of blocks of any lengths, some of them empty', [1, 0, 7001, 44_100]],
  ])('%s has the features of the whole sound', async (_, lengths) => {
    for (const more of [{}, { time: 'mean' }, { layers: [0, 1], mode: 'fast' }, { chunkFrames: null }] as const) {
      const extract = createExtractor(weights, { ...base, ...more });
      expectSame(await extract(streamOf(lengths)), await extract(audio));
    }
  });

  it('frees what it made', async () => {
    const extract = createExtractor(weights, base);
    await extract(audio);
    const before = tf.memory().numTensors;
    await collect(extract.stream(streamOf([1000])));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives pieces of some chunks where it is long, as soon as their samples are there', async () => {
    const long = { sampleRate: 16_000, channels: [noise(16_000 * 120)] }; // 12 000 frames
    const extract = createExtractor(weights, { ...base, chunkFrames: 608 });
    let given = 0; // samples
    async function* counted() {
      for await (const block of streamOf([16_000], long).blocks) {
        given += block[0]!.length;
        yield block;
      }
    }
    const pieces: FrameFeatures[] = [];
    const seconds: number[] = [];
    for await (const piece of extract.stream({ sampleRate: 16_000, blocks: counted() })) {
      pieces.push(piece);
      seconds.push(given / 16_000);
    }
    expect(pieces.map(({ frames }) => frames)).toEqual([304, 304, 142]); // 8 chunks of 38 steps each, and the rest
    const behind = 3 + 1; // seconds: the most that a span takes beyond its frames, and the last block
    expect(seconds[0]).toBeLessThanOrEqual(48.64 + behind);
    expect(seconds[1]).toBeLessThanOrEqual(97.28 + behind);
    const whole = await extract(long);
    expectSame({ ...whole, data: Float32Array.from(pieces.flatMap(({ data }) => [...data])) }, whole);
    const means = createExtractor(weights, { ...base, time: 'mean' });
    const [mean, ...others] = await collect(means.stream(streamOf([999], long)));
    expect(others).toHaveLength(0);
    expectSame(mean!, await means(long));
  });

  it('may stand beside whole sounds in a batch, in order', async () => {
    const extract = createExtractor(weights, base);
    const other = noise(16_000);
    const found = await extract.batch([other, streamOf([4000]), audio]);
    expectSame(found[0]!, await extract(other));
    expectSame(found[1]!, await extract(audio));
    expectSame(found[2]!, await extract(audio));
  });

  it('shorter than a window is filled up, as a whole sound is', async () => {
    const extract = createExtractor(weights, base);
    const short = { sampleRate: 16_000, channels: [noise(100)] };
    expectSame(await extract(streamOf([30], short)), await extract(short));
  });

  it('without samples, or with a channel that comes or goes, is refused', async () => {
    const extract = createExtractor(weights, base);
    await expect(extract(streamOf([10], { sampleRate: 16_000, channels: [new Float32Array()] }))).rejects.toThrow(
      'expected a sound of one sample or more, got none',
    );
    async function* blocks() {
      yield await Promise.resolve([noise(100)]);
      yield [noise(100), noise(100)];
    }
    await expect(extract({ sampleRate: 16_000, blocks: blocks() })).rejects.toThrow(
      'expected blocks of 1 channels, as before, got one of 2',
    );
  });
});

describe('soundStream', () => {
  it('reads an open sound ten seconds at a time', async () => {
    const reads: number[][] = [];
    const { channels, sampleRate } = { sampleRate: 1000, channels: [noise(25_000)] };
    const read = (start: number, count: number) => {
      reads.push([start, count]);
      return Promise.resolve(channels.map((channel) => channel.slice(start, start + count)));
    };
    const blocks = await collect(soundStream({ sampleRate, read }).blocks);
    expect(blocks.map(([block]) => block!.length)).toEqual([10_000, 10_000, 5000]);
    expect(reads.at(-1)).toEqual([25_000, 10_000]);
  });
});

describe('streamLogMel', () => {
  const logMel = createLogMel()(resample(audio.channels[0]!, audio.sampleRate, 16_000));
  const cut = (from: number, frames: number) => ({
    bins: 80,
    frames,
    data: Float32Array.from(
      { length: 80 * frames },
      (_, i) => logMel.data[Math.floor(i / frames) * logMel.frames + from + (i % frames)]!,
    ),
  });

  it('gives the features of the whole, piece by piece or as one mean', async () => {
    const extract = createExtractor(weights, base);
    const pieces = [cut(0, 128), cut(128, 64), cut(192, logMel.frames - 192)];
    const found = await collect(extract.streamLogMel(pieces));
    const whole = await extract.fromLogMel(logMel);
    expect(found.map(({ frames }) => frames)).toEqual([8, 4, whole.frames - 12]);
    expectSame({ ...whole, data: Float32Array.from(found.flatMap(({ data }) => [...data])) }, whole);
    const means = createExtractor(weights, { ...base, time: 'mean' });
    expectSame((await collect(means.streamLogMel(pieces)))[0]!, await means.fromLogMel(logMel));
  });

  it('refuses pieces that cut a chunk, and none', async () => {
    const extract = createExtractor(weights, base);
    await expect(collect(extract.streamLogMel([cut(0, 100), cut(100, 100)]))).rejects.toThrow(
      'pieces of a multiple of 64 frames but for the last, got another one behind 100 frames',
    );
    await expect(collect(extract.streamLogMel([]))).rejects.toThrow('got none');
    const whole = createExtractor(weights, { ...base, chunkFrames: null });
    await expect(collect(whole.streamLogMel([]))).rejects.toThrow('got none');
  });
});
