import { disposeTree } from '@audio-ssl/params';
import { convertCheckpoint } from '@audio-ssl/pretrained';
import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { runFiles } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEncoder } from '../src/encoder-weights.js';
import { openCheckpoint } from '../src/open-checkpoint.js';
import { openRunModel } from '../src/open-run-model.js';
import { readRunRecord } from '../src/run-record.js';
import { soundSettings } from '../src/sound-settings.js';
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
    await rm(join(odd, runFiles.checkpoints), { recursive: true });
    await expect(openRunModel(odd)).rejects.toThrow('odd has no checkpoint yet; pretrain it first');
    await rm(join(odd, runFiles.config));
    await expect(openRunModel(odd)).rejects.toThrow(/odd has no file of weights .*give the path of one/);
    await expect(openRunModel('none.pt')).rejects.toThrow('none.pt: no such file; check the path');
  });
});

/** Features of a sound, with the settings of a model. */
async function featuresOf(path: string, options: Parameters<typeof openRunModel>[1] = {}): Promise<readonly number[]> {
  const model = await openRunModel(path, options);
  const samples = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin(i / 10));
  const { data } = await model.createExtractor()(samples);
  model.dispose();
  return [...data];
}

describe('the files of a run', () => {
  const checkpointOf = (of: string, step: number): string =>
    join(of, runFiles.checkpoints, `step-0000000${step}.safetensors`);

  it('say all that features depend on: a checkpoint alone gives those of the run at its step', async () => {
    const finished = await featuresOf(run);
    expect(await featuresOf(checkpointOf(run, 6))).toEqual(finished);
    expect(await featuresOf(run, { atStep: 6 })).toEqual(finished);
    const earlier = await featuresOf(run, { atStep: 4 });
    expect(earlier).not.toEqual(finished);
    const alone = join(folder, 'alone.safetensors');
    await writeFile(alone, await readFile(checkpointOf(run, 4)));
    expect(await featuresOf(alone)).toEqual(earlier);
    await expect(openRunModel(run, { atStep: 5 })).rejects.toThrow(
      '`atStep`: ' + run + ' has no checkpoint after step 5; it keeps those after 4 and 6',
    );
    await expect(openRunModel(alone, { atStep: 4 })).rejects.toThrow('is not the folder of a run; leave it out');
  });

  it('of earlier versions are refused alone, or the caller says what they do not', async () => {
    const older = await tinyRun(join(folder, 'older'), { older: true });
    const path = checkpointOf(older, 6);
    await expect(openRunModel(path)).rejects.toThrow(
      /weights of ours without patch, bins, numHeads, frontEnd, mean, std, chunkFrames in their metadata.*give `numHeads` and `facts`/,
    );
    await expect(openRunModel(path, { numHeads: 2 })).rejects.toThrow(/without patch, bins, frontEnd, mean, std/);
    const facts = { patch: [16, 16], bins: 80, frontEnd: 'matpac', mean: -6.5, std: 3.25, chunkFrames: 2048 } as const;
    expect(await featuresOf(path, { numHeads: 2, facts })).toEqual(await featuresOf(older));
    expect(await featuresOf(older, { network: 'teacher' })).toEqual(await featuresOf(run, { network: 'teacher' }));
  });

  it('of a run that has not finished: the newest checkpoint that is not damaged, and it is said', async () => {
    const unfinished = await tinyRun(join(folder, 'unfinished'));
    await rm(join(unfinished, runFiles.weights));
    const reporter = collecting();
    expect(await featuresOf(unfinished, { reporter })).toEqual(await featuresOf(run));
    expect(reporter.notes).toEqual([
      expect.stringMatching(/has not finished: took its newest checkpoint, after 6 steps/),
    ]);
    const record = await readRunRecord(unfinished);
    const encoder = await loadEncoder(unfinished, record.config);
    disposeTree(encoder);
    await writeFile(checkpointOf(unfinished, 6), (await readFile(checkpointOf(unfinished, 6))).subarray(0, 10_000));
    const passing = collecting();
    expect(await featuresOf(unfinished, { reporter: passing })).toEqual(await featuresOf(run, { atStep: 4 }));
    expect(passing.warnings).toEqual([expect.stringMatching(/passed over a damaged checkpoint: .*step-00000006/)]);
    expect(passing.notes).toEqual([expect.stringMatching(/after 4 steps/)]);
  });

  it('of two runs are refused', async () => {
    const mixed = await tinyRun(join(folder, 'mixed'));
    const path = join(mixed, runFiles.config);
    const saved = JSON.parse(await readFile(path, 'utf8')) as { config: { model: object }; measured: object };
    const refused = async (record: object, message: RegExp): Promise<void> => {
      await writeFile(path, JSON.stringify(record));
      for (const network of ['student', 'teacher'] as const)
        await expect(openRunModel(mixed, { network })).rejects.toThrow(message);
      await expect(openCheckpoint(mixed)).rejects.toThrow(/is of another run than .*put back the files of one run/);
      const { config } = await readRunRecord(mixed);
      await expect(loadEncoder(mixed, config)).rejects.toThrow(message);
    };
    const model = (encoder: object): object => {
      const { model: of } = saved.config as { model: { encoder: object } };
      return { ...saved, config: { ...saved.config, model: { ...of, encoder: { ...of.encoder, ...encoder } } } };
    };
    await refused(model({ numHeads: 4 }), /is of another run than .*config\.json: numHeads should be 4, is 2/);
    await refused(model({ depth: 3 }), /depth should be 3, is 2|depth should be 3, is 1/);
    await refused({ ...saved, measured: { ...saved.measured, mean: -7 } }, /mean should be -7, is -6\.5/);
  });

  it('are not mistaken for a folder of the Hub, nor the other way round', async () => {
    const hub = join(folder, 'hub');
    await mkdir(hub);
    await writeFile(join(hub, 'config.json'), '{"model_type":"m2d"}');
    await writeFile(join(hub, 'weights.safetensors'), await readFile(join(run, runFiles.weights)));
    expect(await featuresOf(hub)).toEqual(await featuresOf(run));
    expect(await soundSettings(hub, {})).toEqual({ channel: 'mean', damaged: 'refuse', ffmpeg: true });
    const broken = await tinyRun(join(folder, 'broken'));
    await writeFile(join(broken, runFiles.config), '{"config":');
    await expect(openRunModel(broken)).rejects.toThrow(/config\.json/);
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
