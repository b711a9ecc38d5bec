import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { sharedFolder } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Differences } from '../src/comparison.js';
import { cutRun } from '../src/cut.js';
import { recordedRuns } from '../src/recorded-run.js';
import { replay } from '../src/replay.js';

const reference = sharedFolder('reference');

describe.skipIf(!reference)('the authors’ recorded runs', () => {
  it.each(['matpac-tiny', 'matpac-plusplus-tiny', 'prediction-only-tiny', 'classification-only-tiny'])(
    'are reproduced: %s',
    async (name) => {
      const lines = await replay(join(reference!, name), tf.getBackend());
      expect(lines.length).toBeGreaterThan(15);
      expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    },
  );

  it('are reproduced by the compiled step', async () => {
    const lines = await replay(join(reference!, 'matpac-plusplus-tiny'), tf.getBackend(), { compiled: true });
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('the recording that comes with the project', () => {
  it.each([{ compiled: false }, { compiled: true }])('is reproduced: %o', async (options) => {
    const [folder, ...others] = await recordedRuns();
    expect(others).toEqual([]);
    const lines = await replay(folder!, tf.getBackend(), options);
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    expect(lines.map(({ quantity }) => quantity)).toEqual(
      expect.arrayContaining([
        'every step loss',
        'step 0 gradients',
        'final parameters',
        'final teacher',
        'final centre',
      ]),
    );
  });

  it('is small, and fails when a recorded number is another', async () => {
    const [folder] = await recordedRuns();
    const copy = await mkdtemp(join(tmpdir(), 'parity-'));
    try {
      const path = join(folder!, 'tensors.safetensors');
      const { size } = await stat(path);
      expect(size).toBeLessThan(3e6);
      const { tensors, metadata } = readSafetensors(await readFile(path));
      const failed = async (name: string): Promise<string[]> => {
        const entry = tensors.get(name)!;
        const data = Float32Array.from(entry.data);
        data[data.length - 1]! += 0.1;
        const changed = new Map(tensors).set(name, { dtype: 'F32', shape: entry.shape, data });
        await writeFile(join(copy, 'tensors.safetensors'), writeSafetensors(changed, metadata));
        return (await replay(copy, tf.getBackend())).filter(({ ok }) => !ok).map(({ quantity }) => quantity);
      };
      await cp(join(folder!, 'run.json'), join(copy, 'run.json'));
      expect(await failed('final/student_encoder.blocks.1.mlp.fc1.weight')).toEqual(['final parameters']);
      expect(await failed('step0/grad/decoder.decoder_pred.weight')).toEqual(['step 0 gradients']);
      expect(await failed('step5/source')).toContain('every step gradient norm');
    } finally {
      await rm(copy, { recursive: true });
    }
  });
});

describe.skipIf(!reference)('cutRun', () => {
  it('makes the recording that comes with the project', async () => {
    const [folder] = await recordedRuns();
    const target = await mkdtemp(join(tmpdir(), 'parity-'));
    try {
      await cutRun(join(reference!, basename(folder!)), target);
      const read = async (name: string): Promise<[Buffer, Buffer]> => [
        await readFile(join(target, name)),
        await readFile(join(folder!, name)),
      ];
      const [run, ourRun] = await read('run.json');
      expect(JSON.parse(run.toString())).toEqual(JSON.parse(ourRun.toString())); // ours may be formatted
      const [tensors, ourTensors] = await read('tensors.safetensors');
      expect(tensors.equals(ourTensors)).toBe(true);
    } finally {
      await rm(target, { recursive: true });
    }
  });
});

describe('Differences', () => {
  it('keeps the worst of each quantity and judges by its kind', () => {
    const differences = new Differences();
    differences.compare('a', [1, 2], [1, 2.5], { kind: 'absolute', bound: 0.4 });
    differences.compare('a', [1], [1.1], { kind: 'absolute', bound: 0.4 });
    differences.compare('b', [3, 4], [3, 4.1], { kind: 'relative L2', bound: 0.1 });
    differences.compare('c', [Number.NaN], [1], { kind: 'relative', bound: 1 });
    const [a, b, c] = differences.list();
    expect([a!.ok, b!.ok, c!.ok]).toEqual([false, true, false]);
    expect(a!.absolute).toBeCloseTo(0.5);
    expect(b!.relative).toBeCloseTo(0.1 / Math.hypot(3, 4.1));
    expect(() => differences.compare('d', [1], [1, 2], { kind: 'absolute', bound: 1 })).toThrow('1 values against 2');
  });
});
