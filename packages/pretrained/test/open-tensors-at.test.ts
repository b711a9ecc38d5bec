import { fromTensors, writeSafetensors, type SafetensorsEntry } from '@audio-ssl/tensor-files';
import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderMetadata } from '../src/index.js';
import { openModel, openTensorsAt } from '../src/node.js';

let folder: string;
let entries: ReadonlyMap<string, SafetensorsEntry>;
const metadata = encoderMetadata({
  ...{ patch: [16, 16], bins: 80, numHeads: 2, frontEnd: 'matpac' },
  ...{ mean: -7, std: 4, chunkFrames: 64 },
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-at-'));
  const encoder = initSpectrogramEncoder({ embedDim: 16, depth: 2, numHeads: 2, patch: [16, 16] }, randomStream(1));
  entries = await fromTensors(leaves(encoder));
  disposeTree(encoder);
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes files into a new folder: text, or some of the encoder's tensors. */
async function folderOf(
  name: string,
  files: Readonly<Record<string, string | ((tensor: string) => boolean)>>,
): Promise<string> {
  const made = join(folder, name);
  await mkdir(made, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const bytes =
      typeof content === 'string'
        ? content
        : writeSafetensors(new Map([...entries].filter(([tensor]) => content(tensor))), metadata);
    await writeFile(join(made, file), bytes);
  }
  return made;
}
const all = (): boolean => true;
const isFirst = (tensor: string): boolean => tensor.includes('blocks.0');
const isRest = (tensor: string): boolean => !isFirst(tensor);
const index = (more: object = {}): string =>
  JSON.stringify({
    metadata: { total_size: 1 },
    weight_map: {
      ...Object.fromEntries(
        [...entries.keys()].map((name) => [name, `model-0000${isFirst(name) ? 1 : 2}-of-00002.safetensors`]),
      ),
      ...more,
    },
  });

/** Opens a path as a model, and lets go of it. */
async function open(path: string): Promise<string> {
  const model = await openModel(path);
  expect(model.settings).toMatchObject({ numHeads: 2, chunkFrames: 64 });
  model.dispose();
  const file = await openTensorsAt(path);
  expect([...file.tensors.keys()].sort()).toEqual([...entries.keys()].sort());
  for (const name of entries.keys()) expect((await file.read(name)).data).toEqual(entries.get(name)!.data);
  await file.close();
  return file.name;
}

describe('a folder as the Hub lays it out', () => {
  it('is opened when it holds one file of weights', async () => {
    const files = { 'config.json': '{"model_type":"m2d"}', 'README.md': '# A model', 'training_args.bin': 'x' };
    expect(await open(await folderOf('one', { ...files, 'model.safetensors': all }))).toMatch(/model\.safetensors$/);
    // transformers' two names of the same weights
    expect(
      await open(await folderOf('pair', { ...files, 'model.safetensors': all, 'pytorch_model.bin': 'x' })),
    ).toMatch(/model\.safetensors$/);
  });

  it('is opened in the Hub’s cache, through its links', async () => {
    await folderOf('models--a--b/blobs', { abc: all });
    const snapshot = await folderOf('models--a--b/snapshots/0123', { 'config.json': '{}' });
    await symlink('../../blobs/abc', join(snapshot, 'model.safetensors'));
    await open(snapshot);
    await open(join(folder, 'models--a--b'));
    await folderOf('models--a--b/snapshots/4567', {});
    await expect(open(join(folder, 'models--a--b'))).rejects.toThrow(/a cache of the Hub with 2 versions; give one of/);
  });

  it('is refused with the names in it when it holds several, or none', async () => {
    const two = await folderOf('two', { 'a.safetensors': all, 'b.safetensors': all });
    await expect(open(two)).rejects.toThrow(
      /two has 2 files of weights \(a\.safetensors, b\.safetensors\); give the path/,
    );
    await expect(open(await folderOf('none', { 'config.json': '{}' }))).rejects.toThrow(/none has no file of weights/);
    await expect(open(join(folder, 'nowhere'))).rejects.toThrow(/nowhere: no such file/);
  });
});

describe('shards', () => {
  it('are opened through their index, or by their folder', async () => {
    const shards = await folderOf('shards', {
      'config.json': '{}',
      'model-00001-of-00002.safetensors': isFirst,
      'model-00002-of-00002.safetensors': isRest,
      'model.safetensors.index.json': index(),
    });
    expect(await open(shards)).toMatch(/index\.json$/);
    expect(await open(join(shards, 'model.safetensors.index.json'))).toMatch(/index\.json$/);
    await expect(openModel(join(shards, 'model-00001-of-00002.safetensors'))).rejects.toThrow(/It is shard 1 of 2/);
    await rm(join(shards, 'model.safetensors.index.json'));
    await expect(open(shards)).rejects.toThrow(/has shards such as model-00001-of-00002\.safetensors and no index/);
  });

  it('are refused where their index lies', async () => {
    const name = 'model.safetensors.index.json';
    const refused = async (text: string, message: RegExp): Promise<void> => {
      const shards = await folderOf('lies', {
        'model-00001-of-00002.safetensors': isFirst,
        'model-00002-of-00002.safetensors': isRest,
        [name]: text,
      });
      await expect(open(join(shards, name))).rejects.toThrow(message);
    };
    for (const path of ['../one/model.safetensors', '/etc/passwd', 'C:\\x.safetensors', '..', 'index.json'])
      await refused(index({ cls_token: path }), /it names '.*', which is no file of weights beside it/);
    await refused(index({ cls_token: 5 }), /it names '5', which is no file/);
    await refused(index({ other: 'model-00001-of-00002.safetensors' }), /has the tensor 'other', which it has not/);
    await refused(
      index({ other: 'model-00003-of-00003.safetensors' }),
      /model-00003-of-00003\.safetensors: no such file/,
    );
    await refused('{"weight_map":{}}', /expected an index of shards/);
    await refused('{', /expected an index of shards/);
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`t${i}`, `s${i}.safetensors`]));
    await refused(JSON.stringify({ weight_map: many }), /it names 1001 files/);
    // Nothing stays open, whatever went wrong.
    const links = await readdir('/proc/self/fd').catch(() => []);
    const open_ = await Promise.all(links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    expect(open_.filter((path) => path.startsWith(folder))).toEqual([]);
  });
});
