import {
  byteSource,
  openTensors,
  safetensorsChunks,
  writeSafetensors,
  type SafetensorsEntry,
} from '@audio-ssl/tensor-files';
import { seeded, sharedFolder } from '@audio-ssl/testing';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  classProbabilities,
  convertCheckpoint,
  readClassHead,
  recognise,
  type Conversion,
  taskOf,
  headTasks,
  topLabels,
} from '../src/index.js';

const random = seeded(4);
const noise = (...shape: number[]): SafetensorsEntry => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random() - 1),
});
const open = (entries: Record<string, SafetensorsEntry>) =>
  openTensors(byteSource(writeSafetensors(new Map(Object.entries(entries))), 'probe.safetensors'));

describe('a class head', () => {
  it('is what PyTorch computes: batch norm with running statistics, then a linear layer', async () => {
    const [weight, bias, mean, variance] = [
      noise(3, 4),
      noise(3),
      noise(4),
      { ...noise(4), data: new Float32Array([0.1, 2, 0, 5]) },
    ];
    const head = await readClassHead(await open({ 'probe.weight': weight, 'probe.bias': bias }));
    expect(recognise(await open({ 'probe.weight': weight, 'probe.bias': bias })).family).toBe(
      'linear probe of 3 classes',
    );
    const feature = noise(4).data as Float32Array;
    const logits = (input: ArrayLike<number>): number[] =>
      Array.from({ length: 3 }, (_, k) =>
        Array.from(input).reduce((sum, x, i) => sum + x * weight.data[k * 4 + i]!, bias.data[k]!),
      );
    const expected = logits(feature);
    const total = expected.reduce((sum, x) => sum + Math.exp(x), 0);
    classProbabilities(head, feature, 'softmax').forEach((p, k) =>
      expect(p).toBeCloseTo(Math.exp(expected[k]!) / total, 6),
    );
    classProbabilities(head, feature, 'sigmoid').forEach((p, k) =>
      expect(p).toBeCloseTo(1 / (1 + Math.exp(-expected[k]!)), 6),
    );
    const normed = { ...head, norm: { mean: mean.data as Float32Array, variance: variance.data } };
    const scaled = logits(Array.from(feature, (x, i) => (x - mean.data[i]!) / Math.sqrt(variance.data[i]! + 1e-5)));
    classProbabilities(normed, feature, 'sigmoid').forEach((p, k) =>
      expect(p).toBeCloseTo(1 / (1 + Math.exp(-scaled[k]!)), 6),
    );
    // Logits of any size.
    const large = { ...head, bias: new Float32Array([1000, 0, -1000]) };
    expect([...classProbabilities(large, feature, 'softmax')]).toEqual([1, 0, 0]);
    expect(
      [...classProbabilities(large, feature, 'sigmoid')].map((p) => p === 0 || p === 1 || Number.isFinite(p)),
    ).toEqual([true, true, true]);
  });

  it('of a probe stays one under all names, there and back', async () => {
    const [weight, bias] = [noise(3, 4), noise(3)];
    const probe = await open({ 'probe.weight': weight, 'probe.bias': bias });
    const expected = await readClassHead(probe);
    const gather = async ({ tensors, metadata }: Conversion) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of safetensorsChunks(tensors, metadata)) chunks.push(chunk);
      return openTensors(byteSource(Buffer.concat(chunks), 'b.safetensors'));
    };
    for (const naming of ['audio-ssl', 'matpac', 'm2d'] as const) {
      const there = await gather(await convertCheckpoint(probe, naming));
      expect(recognise(there).family).toBe('linear probe of 3 classes');
      expect(await readClassHead(there)).toEqual(expected);
      const back = await gather(await convertCheckpoint(there, 'matpac'));
      expect([...back.tensors.keys()]).toEqual(['probe.weight', 'probe.bias']);
      expect((await back.read('probe.weight')).data).toEqual(weight.data);
    }
    // With a batch norm it is a head, and a model of others is not a head of ours.
    const head = { 'head.weight': weight, 'head.bias': bias, 'head_norm.running_mean': noise(4) };
    const normed = await gather(
      await convertCheckpoint(await open({ ...head, 'head_norm.running_var': noise(4) }), 'matpac'),
    );
    expect([...normed.tensors.keys()].sort()).toEqual([
      'head.bias',
      'head.weight',
      'head_norm.running_mean',
      'head_norm.running_var',
    ]);
    expect(await readClassHead(normed)).toMatchObject({ classes: 3, dims: 4 });
    await expect(readClassHead(await open({ ...head, 'conv.weight': noise(2) }))).rejects.toThrow(
      'expected an encoder',
    );
  });

  it('refuses features and files that do not fit', async () => {
    const head = await readClassHead(await open({ 'probe.weight': noise(3, 4), 'probe.bias': noise(3) }));
    expect(() => classProbabilities(head, new Float32Array(20), 'softmax')).toThrow(
      /a feature of 4 values, got 20; .*averaged/,
    );
    await expect(readClassHead(await open({ 'probe.weight': noise(3, 4) }))).rejects.toThrow(
      'expected 3 values of bias for a kernel [4,3], got none',
    );
    await expect(readClassHead(await open({ 'probe.weight': noise(3, 4), 'probe.bias': noise(4) }))).rejects.toThrow(
      'got 4',
    );
  });
});

describe('headTasks', () => {
  it('are recognised by the number of classes where that is unique', () => {
    expect([527, 20, 200, 87, 40, 56, 50, 3].map((classes) => taskOf({ classes }))).toEqual([
      ...['audioset', 'openmic', 'fsd50k', 'mtg_genre', 'mtg_instrument', 'mtg_mood', undefined, undefined],
    ]);
    for (const task of Object.values(headTasks)) if ('labels' in task) expect(task.labels).toHaveLength(task.classes);
    expect(headTasks.esc50.activation).toBe('softmax');
  });

  const labels = sharedFolder('data/labels');
  it.skipIf(!labels)('have AudioSet’s classes in the order of their mids', async () => {
    const lines = (await readFile(join(labels!, 'audioset.csv'), 'utf8')).trim().split('\n').slice(1);
    const rows = lines
      .map((line) => /^\d+,([^,]+),"?(.*?)"?$/.exec(line)!)
      .map(([, mid, name]) => ({ mid: mid!, name: name! }));
    rows.sort((a, b) => (a.mid < b.mid ? -1 : 1));
    expect(headTasks.audioset.labels).toEqual(rows.map(({ name }) => name));
    expect(headTasks.audioset.labels.indexOf('Speech')).toBe(rows.findIndex(({ mid }) => mid === '/m/09x0r'));
  });

  const splits = sharedFolder('data/splits');
  it.skipIf(!splits)(
    'have the classes of FSD50K and OpenMIC in the order of their data sets (../shared/data)',
    async () => {
      const vocabulary = (await readFile(join(splits!, 'fsd50k/vocabulary.csv'), 'utf8')).trim().split('\n');
      const rows = vocabulary.map((line) => line.split(','));
      expect(rows.map(([index]) => Number(index))).toEqual(rows.map((_, i) => i));
      expect(headTasks.fsd50k.labels).toEqual(rows.map(([, name]) => name));
      const map = JSON.parse(await readFile(join(splits!, 'openmic/class-map.json'), 'utf8')) as Record<string, number>;
      expect(Object.fromEntries(headTasks.openmic.labels.map((name, index) => [name, index]))).toEqual(map);
    },
  );

  it('name the most probable classes', () => {
    const top = topLabels(new Float32Array([0.25, 0.5, 0.125, 0.5]), ['a', 'b', 'c', 'd'], 3);
    expect(top.map(({ label, probability }) => [label, probability])).toEqual([
      ['b', 0.5],
      ['d', 0.5],
      ['a', 0.25],
    ]);
    expect(topLabels(new Float32Array([0.5]), undefined, 5)).toEqual([
      { label: 'class 0', index: 0, probability: 0.5 },
    ]);
    expect(() => topLabels(new Float32Array(3), ['a'], 1)).toThrow('expected 3 labels, got 1');
  });
});
