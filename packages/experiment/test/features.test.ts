import { openLogMels } from '@audio-ssl/datasets';
import { disposeTree, randomStream } from '@audio-ssl/params';
import { tinyModel } from '@audio-ssl/testing';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipFeatures, loadConfig, logMelFeatures, runExtractor, featureClips, trainingClips } from '../src/index.js';
import { stereo, wav } from './tiny-sounds.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'features-'));
  await writeFile(join(folder, '0.wav'), wav(16_000));
  await writeFile(join(folder, '1.wav'), wav(16_000 * 200)); // 19 998 frames
  await writeFile(join(folder, '2.wav'), stereo([1, 0.5]));
});
afterAll(() => rm(folder, { recursive: true }));
const clips = () => [0, 1, 2].map((id) => ({ id: String(id), path: join(folder, `${id}.wav`) }));

describe('clipFeatures', () => {
  it('gives for clips in pieces what it gives for whole ones', { timeout: 120_000 }, async () => {
    const config = await loadConfig({ preset: 'demo', set: tinyModel });
    const { model } = config;
    const encoder = initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(1));
    const { segmentFrames } = featureClips(config);
    const poolings = ['mean', 'mean+std+max'] as const;
    const found = async (cut: number | null) => {
      const store = await openLogMels(clips(), { segmentFrames: cut });
      try {
        expect(await store.pieces(1)).toHaveLength(cut === null ? 1 : 5);
        const extract = runExtractor(encoder, config, { mean: -7, std: 4 });
        const features = await clipFeatures('features', extract, store, { indices: [2, 1, 0], poolings });
        return [...features.values(), await logMelFeatures(store, [2, 1, 0])];
      } finally {
        await store.close();
      }
    };
    const [pieces, whole] = [await found(segmentFrames!), await found(null)];
    disposeTree(encoder);
    for (const [i, { data, rows, dims }] of pieces.entries()) {
      expect([rows, dims]).toEqual([3, whole[i]!.dims]);
      // The same chunks go through the encoder in other groups: only the rounding of its products may differ.
      const apart = Math.max(...data.map((value, k) => Math.abs(value - whole[i]!.data[k]!)));
      expect(apart).toBeLessThan(1e-4);
    }
  });

  it('stops at once', async () => {
    const config = await loadConfig({ preset: 'demo', set: tinyModel });
    const store = await openLogMels(clips());
    const controller = new AbortController();
    const encoder = initSpectrogramEncoder({ ...config.model.encoder, patch: config.model.patch }, randomStream(1));
    try {
      const extract = runExtractor(encoder, config, { mean: -7, std: 4 });
      const work = clipFeatures('features', extract, store, {
        indices: [0, 1, 2],
        poolings: ['mean'],
        signal: controller.signal,
        reporter: { progress: ({ done }) => done === 1 && controller.abort(new DOMException('stopped', 'AbortError')) },
      });
      await expect(work).rejects.toThrow('stopped');
    } finally {
      await store.close();
      disposeTree(encoder);
    }
  });
});

describe('trainingClips', () => {
  it('cuts at the segment, into pieces that hold two crops', async () => {
    const frames = async (...set: string[]) => trainingClips(await loadConfig({ preset: 'tiny', set })).segmentFrames;
    expect(await frames()).toBe(6000);
    expect(await frames('data.segment=2.5')).toBe(416);
    expect(await frames('data.segment=null')).toBeUndefined();
    expect(trainingClips(await loadConfig({ preset: 'tiny', set: ['data.segment=5'] }), 2).segmentFrames).toBe(832);
    const dropping = await loadConfig({
      preset: 'base',
      set: ['data.channel=1', 'data.damaged=keep', 'data.ffmpeg=false'],
    });
    expect(trainingClips(dropping)).toMatchObject({ minFrames: 608, channel: 1, damaged: 'keep', ffmpeg: false });
  });
});
