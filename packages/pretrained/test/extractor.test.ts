import { createLogMel, mixToMono, resample } from '@audio-ssl/audio-frontend';
import { randomStream, type TensorTree } from '@audio-ssl/params';
import { initSpectrogramEncoder, sinCosPositions } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createExtractor, MATPAC_STANDARDIZATION, type Compiler, type FrameFeatures } from '../src/index.js';

const model = { patch: [16, 16] as const, embedDim: 16, depth: 1, numHeads: 2 };
const weights = initSpectrogramEncoder(model, randomStream(1));
const options = { ...model, standardization: MATPAC_STANDARDIZATION };
const noise = (samples: number): Float32Array => Float32Array.from({ length: samples }, randomStream(2));

describe('createExtractor', () => {
  it('gives one vector per 16 frames, frequency patches side by side', async () => {
    const extract = createExtractor(weights, { ...options, chunkFrames: 608 });
    const before = tf.memory().numTensors;
    const { data, frames, dims } = await extract(noise(16_000)); // 98 frames: 6 patches and one of 2 frames
    expect([frames, dims, data.length]).toEqual([7, 5 * 16, 7 * 80]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('cuts long clips into chunks that are encoded alone', async () => {
    const waveform = noise(16_000);
    const logMel = createLogMel()(waveform);
    const whole = await createExtractor(weights, { ...options, chunkFrames: null }).fromLogMel(logMel);
    const chunked = await createExtractor(weights, { ...options, chunkFrames: 32 }).fromLogMel(logMel);
    expect(chunked.frames).toBe(whole.frames);
    const first = {
      bins: 80,
      frames: 32,
      data: Float32Array.from(
        { length: 80 * 32 },
        (_, i) => logMel.data[Math.floor(i / 32) * logMel.frames + (i % 32)]!,
      ),
    };
    const alone = await createExtractor(weights, { ...options, chunkFrames: null }).fromLogMel(first);
    expect([...chunked.data.slice(0, 2 * 80)]).toEqual([...alone.data]);
    expect([...whole.data.slice(0, 80)]).not.toEqual([...chunked.data.slice(0, 80)]);
  });

  it('refuses chunks that cut a patch', () => {
    expect(() => createExtractor(weights, { ...options, chunkFrames: 100 })).toThrow(
      "multiple of the patch's 16 frames, got 100",
    );
  });

  const base = { ...options, chunkFrames: 64 };
  /** Rows of a feature matrix. */
  const rows = ({ data, frames, dims }: FrameFeatures): number[][] =>
    Array.from({ length: frames }, (_, i) => [...data.slice(i * dims, (i + 1) * dims)]);

  it('fills every piece in the fast mode, and keeps time in order', async () => {
    const sound = noise(16_000); // 98 frames: two pieces of 64
    const precise = await createExtractor(weights, base)(sound);
    const fast = await createExtractor(weights, { ...base, mode: 'fast' })(sound);
    expect([precise.frames, fast.frames]).toEqual([7, 8]);
    // The first piece is the same, the second has zeros that take part in the attention.
    rows(fast)
      .slice(0, 4)
      .flat()
      .forEach((value, i) => expect(value).toBeCloseTo(rows(precise).flat()[i]!, 4));
    expect(rows(fast)[4]![0]).not.toBeCloseTo(rows(precise)[4]![0]!, 4);
    // The mean over time counts the filling.
    const mean = await createExtractor(weights, { ...base, mode: 'fast', time: 'mean' })(sound);
    expect(mean.frames).toBe(1);
    mean.data.forEach((value, d) =>
      expect(value).toBeCloseTo(rows(fast).reduce((sum, row) => sum + row[d]!, 0) / 8, 4),
    );
  });

  it('gives layers, averages over frequency and over time', async () => {
    const deep = initSpectrogramEncoder({ ...model, depth: 3 }, randomStream(1));
    const sound = noise(16_000);
    const all = await createExtractor(deep, { ...base, layers: 'all' })(sound);
    expect(all.layers).toHaveLength(3);
    expect(all.layers[2]).toEqual(all.data);
    expect(all.layers[0]).not.toEqual(all.data);
    const picked = await createExtractor(deep, { ...base, layers: [2, 0] })(sound);
    expect(picked.layers).toEqual([all.layers[2], all.layers[0]]);
    expect(
      (await createExtractor(deep, base)(sound)).data.every((value, i) => Math.abs(value - all.data[i]!) < 1e-5),
    ).toBe(true);

    const flat = await createExtractor(deep, { ...base, frequency: 'mean' })(sound);
    expect([flat.dims, flat.frames]).toEqual([16, 7]);
    rows(flat).forEach((row, t) =>
      row.forEach((value, d) => {
        const patches = [0, 1, 2, 3, 4].map((f) => all.data[t * 80 + f * 16 + d]!);
        expect(value).toBeCloseTo(patches.reduce((a, b) => a + b) / 5, 4);
      }),
    );
    const mean = await createExtractor(deep, { ...base, time: 'mean', layers: [0] })(sound);
    expect([mean.frames, mean.dims, mean.layers[0]!.length]).toEqual([1, 80, 80]);
    mean.data.forEach((value, d) => expect(value).toBeCloseTo(rows(all).reduce((sum, row) => sum + row[d]!, 0) / 7, 4));
  });

  it('takes batches of sounds of any length, rate and number of channels', async () => {
    const extract = createExtractor(weights, base);
    const before = tf.memory().numTensors;
    const sounds = [noise(16_000), noise(400), noise(3), noise(40_000), noise(16_000)];
    const together = await extract.batch(sounds);
    expect(together.map(({ frames }) => frames)).toEqual([7, 1, 1, 16, 7]);
    expect(together[4]!.data.every((value, i) => Math.abs(value - together[0]!.data[i]!) < 1e-4)).toBe(true);
    for (const [i, sound] of sounds.entries()) {
      const alone = await extract(sound);
      expect(alone.frames).toBe(together[i]!.frames);
      expect(alone.data.every((value, k) => Math.abs(value - together[i]!.data[k]!) < 1e-4)).toBe(true);
    }
    expect(await extract.batch([])).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);

    const [left, right] = [noise(22_050), noise(22_050).map((value) => value / 2)];
    const stereo = { channels: [left, right], sampleRate: 22_050 };
    const mono = resample(mixToMono(stereo), 22_050, 16_000);
    expect((await extract(stereo)).data).toEqual((await extract(mono)).data);
    await expect(extract(new Float32Array(0))).rejects.toThrow('one sample or more, got none');
    await expect(extract(new Float32Array([0, Number.NaN]))).rejects.toThrow(/NaN|finite/);
  });

  it('compiles the shapes that come a second time, eight at most, and gives the same', async () => {
    const shapes: string[] = [];
    let disposed = 0;
    const compile: Compiler = <Args extends readonly TensorTree[], Result>(fn: (...args: Args) => Result) => {
      const call = (...args: Args): Result => {
        expect(Object.keys(args[0]!)).toEqual(Object.keys(weights));
        shapes.push((args[1] as tf.Tensor).shape.join());
        return fn(...args);
      };
      return Object.assign(call, { dispose: () => void disposed++ });
    };
    const student = { ...weights, head: tf.zeros([1]) }; // what is not part of the encoder is not an argument
    const extract = createExtractor(student, { ...base, compile });
    const plain = createExtractor(weights, base);
    const one = noise(10_000); // 61 frames, filled up to 64
    expect((await extract(one)).data).toEqual((await plain(one)).data);
    expect(shapes).toEqual([]);
    for (let i = 0; i < 2; i++) expect((await extract(one)).data).toEqual((await plain(one)).data);
    expect(shapes).toEqual(['1,80,64', '1,80,64']);
    shapes.length = 0;
    for (let n = 2; n <= 12; n++) for (let i = 0; i < 2; i++) await extract.batch(Array.from({ length: n }, () => one));
    expect(shapes).toEqual([2, 3, 4, 5, 6, 7, 8].map((n) => `${n},80,64`));
    extract.dispose();
    plain.dispose();
    expect(disposed).toBe(1);
  });

  it('takes positions of a checkpoint, as far as they reach', async () => {
    const positions = tf.tidy(() => tf.reshape(sinCosPositions({ freq: 5, time: 6 }, 16), [5, 6, 16]) as tf.Tensor3D);
    const sound = noise(16_000);
    const computed = await createExtractor(weights, base)(sound);
    expect((await createExtractor(weights, { ...base, positions })(sound)).data).toEqual(computed.data);
    expect(() => createExtractor(weights, { ...base, chunkFrames: 112, positions })).toThrow(
      'positions for 96 frames, got chunkFrames 112',
    );
    expect(() => createExtractor(weights, { ...base, chunkFrames: null, positions })).toThrow(
      'positions for 96 frames',
    );
    positions.dispose();
  });

  it('refuses layers that are not there and modes that need pieces', () => {
    expect(() => createExtractor(weights, { ...base, layers: [1] })).toThrow('layer 1 is outside 0..0');
    expect(() => createExtractor(weights, { ...base, layers: [0.5] })).toThrow('layer 0.5');
    expect(() => createExtractor(weights, { ...base, chunkFrames: null, mode: 'fast' })).toThrow(
      'the mode fast needs chunkFrames',
    );
  });
});
