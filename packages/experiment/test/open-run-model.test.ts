import { convertCheckpoint } from '@audio-ssl/pretrained';
import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { runFiles } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../src/open-checkpoint.js';
import { openRunModel } from '../src/open-run-model.js';
import { collecting } from './collecting.js';
import { tinyCheckpoint, tinyRun } from './tiny-models.js';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-run-'));
  run = await tinyRun(join(folder, 'run'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('openRunModel', () => {
  it('opens a run and its weights alike, and lets go of all tensors', async () => {
    const before = tf.memory().numTensors;
    const samples = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin(i / 10));
    const features: number[][] = [];
    for (const path of [run, join(run, runFiles.weights)]) {
      const model = await openRunModel(path);
      expect(model.settings).toMatchObject({
        patch: [16, 16],
        numHeads: 2,
        standardization: { mean: -6.5, std: 3.25 },
        chunkFrames: 2048,
      });
      const extract = model.createExtractor();
      for (let i = 0; i < 3; i++) features.push([...(await extract(samples)).data]); // compiled from the second on
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(features[3]).toEqual(features[0]);
    features[2]!.forEach((value, i) => expect(value).toBeCloseTo(features[0]![i]!, 4));
  });

  it('opens a run by its weights alone: one of a method of its own needs no more', async () => {
    const alone = join(folder, 'alone');
    const { tensors, metadata } = readSafetensors(await readFile(join(run, runFiles.weights)));
    await mkdir(alone);
    await writeFile(join(alone, runFiles.weights), writeSafetensors(tensors, { ...metadata, chunkFrames: '608' }));
    const model = await openRunModel(alone);
    expect(model.settings).toMatchObject({ numHeads: 2, chunkFrames: 608 });
    model.dispose();
  });

  it('passes over a damaged newest checkpoint for the teacher, and warns', async () => {
    const damaged = await tinyRun(join(folder, 'damaged'));
    const token = async (options: object = {}): Promise<number[]> => {
      const model = await openRunModel(damaged, { network: 'teacher', ...options });
      const values = [...(await model.weights.encoder.norm.weight.data()), ...(await qkv(model))];
      expect(model.settings).toMatchObject({ numHeads: 2, standardization: { mean: -6.5, std: 3.25 } });
      model.dispose();
      return values;
    };
    const qkv = async ({ weights }: Awaited<ReturnType<typeof openRunModel>>) =>
      weights.encoder.blocks[0]!.attn.qkv.kernel.data();
    const newest = await token();
    const path = join(damaged, runFiles.checkpoints, 'step-00000006.safetensors');
    await writeFile(path, (await readFile(path)).subarray(0, 10_000));
    const reporter = collecting();
    const older = await token({ reporter });
    expect(reporter.warnings).toEqual([expect.stringMatching(/passed over a damaged checkpoint: .*step-00000006/)]);
    expect(older).not.toEqual(newest);
    await writeFile(join(damaged, runFiles.checkpoints, 'step-00000004.safetensors'), 'damaged, too');
    await expect(token()).rejects.toThrow(/none of the 2 checkpoints .* can be read/);
  });

  it('refuses weights that are missing or not finite, and folders that are no run', async () => {
    const odd = await tinyRun(join(folder, 'odd'));
    const weights = join(odd, runFiles.weights);
    const { tensors, metadata } = readSafetensors(await readFile(weights));
    tensors.get('encoder.norm.bias')!.data[3] = Number.NaN;
    await writeFile(weights, writeSafetensors(tensors, metadata));
    await expect(openRunModel(odd)).rejects.toThrow(
      'weights.safetensors: expected finite weights, got NaN in encoder.norm.bias',
    );
    await rm(weights);
    await expect(openRunModel(odd)).rejects.toThrow('weights.safetensors is missing: the run has not finished');
    await rm(join(odd, runFiles.config));
    await expect(openRunModel(odd)).rejects.toThrow(/config\.json is missing; is .*odd the folder of a run\?/);
    await expect(openRunModel('none.pt')).rejects.toThrow('none.pt: no such file; check the path');
  });
});

describe('openCheckpoint', () => {
  it('opens a file, or a run with what its configuration says', async () => {
    const file = await openCheckpoint(await tinyCheckpoint(folder));
    expect((await convertCheckpoint(file, 'matpac')).family).toBe('MATPAC encoder');
    await file.close();
    const checkpoint = await openCheckpoint(run);
    expect(checkpoint.name).toContain('step-00000006');
    expect(checkpoint.values.get('numHeads')).toBe('2');
    await checkpoint.close();
    const begun = await tinyRun(join(folder, 'begun'));
    await rm(join(begun, runFiles.checkpoints), { recursive: true });
    const weights = await openCheckpoint(begun);
    expect(weights.name).toContain(runFiles.weights);
    await weights.close();
    await rm(join(begun, runFiles.weights));
    await expect(openCheckpoint(begun)).rejects.toThrow('has no checkpoint yet; pretrain it first');
  });
});
