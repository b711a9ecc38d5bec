import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openFolder } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put } from './wav.js';

const ids = async (root: string): Promise<string[]> => (await openFolder(root)).clips.map(({ id }) => id);

test('lists .wav and .flac files at any depth, sorted, without hidden ones', async () => {
  const root = await temporaryFolder();
  for (const name of ['b/deep/er/1.flac', 'B.WAV', 'a.wav', 'a/2.wav', '.hidden.wav', '.trash/3.wav', 'notes.txt']) {
    await put(join(root, name), 'not read yet');
  }
  const dataset = await openFolder(root);
  expect(dataset.clips.map(({ id }) => id)).toEqual(['B.WAV', 'a.wav', 'a/2.wav', 'b/deep/er/1.flac']);
  expect(dataset.clips[3]!.path).toBe(join(root, 'b/deep/er/1.flac'));
  expect(dataset.clips.every(({ label }) => label === undefined)).toBe(true);
  expect(dataset.classes).toEqual([]);
  expect(dataset.root).toBe(root);
});

test('counts the audio that cannot be decoded beside what can', async () => {
  const root = await temporaryFolder();
  for (const name of [
    'a.wav',
    'b.OPUS',
    'c.mp3',
    'deep/d.mp3',
    'deep/e.Mp3',
    '.f.mp3',
    'cover.jpg',
    'mp3',
    'list.csv',
  ]) {
    await put(join(root, name), '');
  }
  const { clips, undecodable } = await openFolder(root);
  expect(clips).toHaveLength(1);
  expect(undecodable).toEqual({ '.mp3': 3, '.opus': 1 });
});

test('follows links, and ends when they make a loop', async () => {
  const root = await temporaryFolder();
  const elsewhere = await temporaryFolder();
  await put(join(elsewhere, 'far.wav'), '');
  await put(join(root, 'in/near.wav'), '');
  await symlink(root, join(root, 'in/up'));
  await symlink(elsewhere, join(root, 'out'));
  await symlink(join(elsewhere, 'far.wav'), join(root, 'one.wav'));
  await symlink(join(root, 'nowhere.wav'), join(root, 'broken.wav'));
  await symlink(join(root, 'self'), join(root, 'self'));
  expect(await ids(root)).toEqual(['broken.wav', 'in/near.wav', 'one.wav', 'out/far.wav']);
});

test('says what is wrong with a folder and what to do', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, 'empty'));
  await put(join(root, 'other/a.mp3'), '');
  await put(join(root, 'other/b.MP3'), '');
  await put(join(root, 'other/c'), '');
  await expect(openFolder(join(root, 'missing'))).rejects.toThrow(
    /^openFolder: expected a folder, got .*missing \(ENOENT\); check the path$/,
  );
  await expect(openFolder(join(root, 'other/c'))).rejects.toThrow(/got the file .*; pass the folder it is in/);
  await expect(openFolder(join(root, 'empty'))).rejects.toThrow(/empty has no files; check the path/);
  await expect(openFolder(join(root, 'other'))).rejects.toThrow(
    /expected \.wav or \.flac .* got 2 x \.mp3, 1 x no extension; convert/,
  );
});
