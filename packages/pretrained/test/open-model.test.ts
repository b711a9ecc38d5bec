import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { byteSource, fromTensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { seeded } from '@audio-ssl/testing';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encoderMetadata, openModel } from '../src/index.js';
import { openModel as openPath } from '../src/node.js';

let folder: string;
let path: string;
const metadata = encoderMetadata({
  ...{ patch: [16, 16], bins: 80, numHeads: 2, frontEnd: 'matpac' },
  ...{ mean: -7, std: 4, chunkFrames: 64 },
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-model-'));
  path = join(folder, 'encoder.safetensors');
  const encoder = initSpectrogramEncoder({ embedDim: 16, depth: 1, numHeads: 2, patch: [16, 16] }, randomStream(1));
  await writeFile(path, writeSafetensors(await fromTensors(leaves(encoder)), metadata));
  disposeTree(encoder);
});
afterAll(() => rm(folder, { recursive: true }));

const random = seeded(3);
const sound = Float32Array.from({ length: 16_000 }, () => random() - 0.5);

/** Open descriptors of this process that lead to the test's folder. */
async function openFiles(): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((target) => target.startsWith(folder)).length;
}

// Only Linux shows a process's descriptors.
it.skipIf(!existsSync('/proc/self/fd'))('opened and used 50 times, leaves no file open and no tensor', async () => {
  const before = tf.memory().numTensors;
  for (let i = 0; i < 50; i++) {
    const model = await openPath(path);
    expect(await openFiles()).toBe(0);
    const { data } = await model.createExtractor({ time: 'mean' })(sound);
    expect(data).toHaveLength(5 * 16);
    model.dispose();
  }
  await writeFile(join(folder, 'damaged.safetensors'), (await readFile(path)).subarray(0, 5000));
  await expect(openPath(join(folder, 'damaged.safetensors'))).rejects.toThrow(/damaged\.safetensors/);
  await expect(openPath(path, { numHeads: 3 })).rejects.toThrow('3 attention heads do not divide a width of 16');
  expect(await openFiles()).toBe(0);
  expect(tf.memory().numTensors).toBe(before);
});

it('opens bytes, blobs and sources alike, with the settings that the file states', async () => {
  const bytes = new Uint8Array(await readFile(path));
  const inNode = await openPath(path);
  const expected = (await inNode.createExtractor()(sound)).data;
  expect(inNode.settings).toMatchObject({
    ...{ patch: [16, 16], numHeads: 2, standardization: { mean: -7, std: 4 }, chunkFrames: 64 },
  });
  let closed = 0;
  const source = { ...byteSource(bytes), close: async () => void closed++ };
  for (const from of [bytes, bytes.buffer, new Blob([bytes]), source]) {
    const model = await openModel(from);
    expect((await model.createExtractor()(sound)).data).toEqual(expected);
    model.dispose();
  }
  expect(closed).toBe(1);
  await expect(openModel({ ...byteSource(new Uint8Array(20)), close: source.close })).rejects.toThrow('openTensors');
  expect(closed).toBe(2);
  inNode.dispose();
});

it('disposes the extractors that a model made, what they compiled included', async () => {
  const model = await openPath(path);
  let disposed = 0;
  const compile = <F extends (...args: never[]) => unknown>(f: F): F & { dispose(): void } =>
    Object.assign(f.bind(undefined), { dispose: () => void disposed++ }) as F & { dispose(): void };
  for (let i = 0; i < 2; i++) await model.createExtractor({ compile })(sound);
  expect(disposed).toBe(0);
  model.dispose();
  expect(disposed).toBe(2);
});

it('its main entry imports nothing of Node', async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, '..', 'src', 'index.ts')],
    ...{ bundle: true, format: 'esm', write: false, logLevel: 'silent', metafile: true },
    ...{ platform: 'browser', conditions: ['@audio-ssl/source'] }, // a builtin of Node would not be resolved
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map((one) => one.path));
  expect(imported.filter((name) => name.startsWith('node:'))).toEqual([]);
});
