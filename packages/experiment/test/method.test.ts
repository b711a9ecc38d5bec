import { randomMask } from '@audio-ssl/masking';
import { cloneTree, randomStream, tidy, valueAndGrad } from '@audio-ssl/params';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { readLog } from '@audio-ssl/trainer';
import { encodeSpectrogram, initSpectrogramEncoder, type MaskedBatch, type SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  embed,
  loadConfig,
  pretrain,
  probe,
  readRunRecord,
  resumableRun,
  type Config,
  type Method,
} from '../src/index.js';
import { batchSource } from '../src/pretrain/batch-source.js';

let folder: string;
let notes: string;
let config: Config;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'method-'));
  notes = await tinyNotes();
  config = await loadConfig({ preset: 'demo', set: [...tinyModel, 'data.dataset=nsynth', 'monitor.clips=8'] });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

type State = { readonly student: SpectrogramEncoder };

/** Two views of a clip are to have one mean: the shortest method that needs both. */
function twins({ model }: Pick<Config, 'model'>): Method<State, MaskedBatch, { readonly learningRate: number }> {
  return {
    name: 'twins',
    mask: randomMask({ ratio: 0.5 }),
    views: 2,
    init: (seed) => ({
      student: initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(seed, 'weights')),
    }),
    step: ({ student }, { spectrogram }, { learningRate }) =>
      tidy(() => {
        const { value, grads } = valueAndGrad((params: SpectrogramEncoder) => {
          const { tokens } = encodeSpectrogram(params, spectrogram, { ...model.encoder, patch: model.patch });
          const [one, other] = tf.split(tf.mean(tokens, 1), 2) as [tf.Tensor, tf.Tensor];
          return { value: tf.mean(tf.squaredDifference(one, other)), aux: {} };
        }, student);
        const { cls_token } = student;
        const moved = tf.sub(cls_token, tf.mul(learningRate, grads.cls_token ?? tf.zerosLike(cls_token)));
        return { state: { student: { ...cloneTree(student), cls_token: moved } }, metrics: { loss: value } };
      }),
    scalarsAt: () => ({ learningRate: 0.1 }),
    encoderOf: ({ student }) => student,
  };
}

describe("a method of one's own", () => {
  it('is trained, monitored, resumed, probed and embedded like MATPAC', { timeout: 300_000 }, async () => {
    const run = join(folder, 'twins');
    const method = twins(config);
    const before = tf.memory().numTensors;
    const stages: string[] = [];
    const stop = new AbortController();
    const options = { data: notes, out: run, config, method };
    const first = await pretrain({
      ...options,
      signal: stop.signal,
      reporter: {
        stage: ({ name }) => void stages.push(name),
        progress: ({ stage, done }) => void (stage === 'pretrain' && done === 3 && stop.abort()),
      },
    });
    expect(first).toMatchObject({ completed: false, step: 3, steps: 6 });
    expect(stages).toEqual(['log-mels', 'statistics', 'pretrain']);
    expect(await resumableRun(run)).toMatchObject({ method: 'twins' });
    expect(await pretrain(options)).toMatchObject({ completed: true, step: 6, dataset: { kept: 18 } });
    const log = await readLog(run);
    expect(log.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(log[5]!.metrics).toHaveProperty('features/rankMe');
    expect((await readRunRecord(run)).command).toBeUndefined();

    const [found] = await probe({ run, root: notes, method, poolings: ['mean'] });
    expect(found).toMatchObject({ target: 'instrument family', clips: 18 });
    const { count, dims } = await embed({ checkpoint: run, inputs: [join(notes, 'audio')], out: join(run, 'all.npy') });
    expect([count, dims]).toEqual([18, 5 * 32]);
    expect(tf.memory().numTensors).toBe(before);

    await expect(probe({ run, root: notes })).rejects.toThrow(/`method`: .* was pretrained with twins, got none; give/);
    await expect(pretrain({ data: notes, out: run, config })).rejects.toThrow(
      /holds a run of another configuration \(method twins -> matpac\); give another `out`/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is refused where its encoder is not the configured one, and where it cannot start from a checkpoint', async () => {
    const before = tf.memory().numTensors;
    const out = join(folder, 'refused');
    const wide = twins({ model: { ...config.model, encoder: { ...config.model.encoder, embedDim: 64 } } });
    await expect(pretrain({ data: notes, out, config, method: wide })).rejects.toThrow(
      /`method`: the encoder of twins is not of the size that `config` says/,
    );
    const method = twins(config);
    await expect(pretrain({ data: notes, out, config, method, init: 'x' })).rejects.toThrow(
      '`init`: twins cannot start from a checkpoint; leave `init` out',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('batchSource', () => {
  it('gives two views of each clip: the halves of a crop of twice the length', async () => {
    const [bins, frames, clips] = [80, 32, 3];
    // A clip's value says which clip and frame it is.
    const store = {
      clips: Array.from({ length: clips }, (_, i) => ({ id: `${i}`, path: '' })),
      skipped: [],
      load: (index: number) => {
        const data = Float32Array.from({ length: bins * 2 * frames }, (_, i) => 100 * index + (i % (2 * frames)));
        return Promise.resolve({ bins, frames: 2 * frames, data });
      },
    };
    const source = batchSource(twins(config), { ...config, batchSize: clips }, { store, kept: [0, 1, 2] } as never, {
      mean: 0,
      std: 1,
    });
    const batch = await source.at(0);
    expect(batch.spectrogram.shape).toEqual([2 * clips, bins, frames]);
    expect(batch.visible.shape[0]).toBe(2 * clips);
    const values = await batch.spectrogram.data();
    for (let clip = 0; clip < clips; clip++) {
      const [one, other] = [clip, clips + clip].map((row) => values[row * bins * frames]!);
      expect(other).toBe(one! + frames);
    }
    tf.dispose({ ...batch });
    source.close();
  });
});
