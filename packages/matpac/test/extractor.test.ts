import { createLogMel } from '@audio-ssl/audio-frontend';
import { randomStream } from '@audio-ssl/params';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createExtractor, MATPAC_STANDARDIZATION } from '../src/index.js';

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
});
