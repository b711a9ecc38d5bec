import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { openFolder } from '../src/index.js';
import { listFiles } from '../src/list-files.js';
import { temporaryFolder } from './temporary-folder.js';
import { put } from './wav.js';

const passedOver = true;

test('lists files with the extensions of sound at any depth, sorted, without hidden ones', async () => {
  const root = await temporaryFolder();
  const sounds = ['B.WAV', 'a.wav', 'a/2.Mp3', 'b/deep/er/1.flac', 'c.OPUS', 'd.m4a', 'e.wma', 'f.aiff', 'g.webm'];
  const others = ['.hidden.wav', '.trash/3.wav', '._a.wav', '__MACOSX/._a.wav', '__MACOSX/b.wav', 'notes.txt', 'wav'];
  for (const name of [...sounds, ...others]) await put(join(root, name), 'not read yet');
  const dataset = await openFolder(root);
  expect(dataset.clips.map(({ id }) => id)).toEqual(sounds);
  expect(dataset.clips[3]!.path).toBe(join(root, 'b/deep/er/1.flac'));
  expect(dataset.clips.every(({ label }) => label === undefined)).toBe(true);
  expect(dataset.classes).toEqual([]);
  // hidden files are told of where they have the name of a sound; hidden folders are not entered
  expect(dataset.skipped).toEqual([
    {
      path: join(root, '._a.wav'),
      reason: expect.stringMatching(/^macOS left it/),
      cause: 'left by macOS',
      passedOver,
    },
    { path: join(root, '.hidden.wav'), reason: expect.stringMatching(/dot; rename/), cause: 'hidden', passedOver },
    {
      path: join(root, '__MACOSX'),
      reason: expect.stringMatching(/^macOS left it/),
      cause: 'left by macOS',
      passedOver,
    },
  ]);
  expect(dataset.root).toBe(root);
});

test('lists the names of all files for who wants no more', async () => {
  const root = await temporaryFolder();
  for (const name of ['b/a.wav', 'a.txt', '.hidden']) await put(join(root, name), '');
  await symlink(root, join(root, 'loop'));
  expect(await listFiles(root)).toEqual(['a.txt', 'b/a.wav']);
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
  await symlink(join(elsewhere, 'far.wav'), join(root, 'in/again.WAV'));
  await symlink(join(root, 'in'), join(root, 'twin'));
  await symlink('self.wav', join(root, 'self.wav'));
  const { clips, skipped } = await openFolder(root);
  expect(clips.map(({ id }) => id)).toEqual(['in/again.WAV', 'in/near.wav', 'one.wav', 'out/far.wav']);
  expect(skipped).toEqual([
    { path: join(root, 'broken.wav'), reason: expect.stringMatching(/leads nowhere/), cause: 'no such file' },
    {
      path: join(root, 'in/up'),
      reason: expect.stringMatching(/folder above it/),
      cause: 'link to a folder above',
      passedOver,
    },
    { path: join(root, 'self.wav'), reason: expect.stringMatching(/leads to itself/), cause: 'link to itself' },
    {
      path: join(root, 'twin'),
      reason: expect.stringMatching(/^the same folder as one that is listed already/),
      cause: 'folder listed already',
      passedOver,
    },
  ]);
});

test('names that are not UTF-8, pipes, sockets and links to devices are skipped with their own reason', async () => {
  const root = await temporaryFolder();
  await put(join(root, 'good.wav'), '');
  const latin1 = (name: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
  await writeFile(latin1('caf\xe9.wav'), '');
  await writeFile(latin1('caf\xe9.txt'), '');
  await mkdir(latin1('Bj\xf6rn'));
  await promisify(execFile)('mkfifo', [join(root, 'pipe.wav')]);
  await symlink('/dev/zero', join(root, 'device.wav'));
  const server = createServer();
  await new Promise<void>((ready) => server.listen(join(root, 'socket.wav'), ready));
  onTestFinished(() => void server.close());
  const { clips, skipped } = await openFolder(root);
  expect(clips.map(({ id }) => id)).toEqual(['good.wav']);
  const found = skipped.map(({ path, cause, passedOver: nothingLost = false }) => {
    return [path.slice(root.length + 1), cause, nothingLost];
  });
  expect(found).toEqual([
    ['Bj\\xf6rn', 'name is not UTF-8', false],
    ['caf\\xe9.wav', 'name is not UTF-8', false],
    ['device.wav', 'device', true],
    ['pipe.wav', 'pipe', false],
    ['socket.wav', 'socket', true],
  ]);
  expect(skipped[0]!.reason).toBe('its name is not UTF-8; rename it');
});

test('an unreadable folder is skipped, and one that vanishes while it is listed', async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip('only root can become another user');
  const root = await temporaryFolder();
  await chmod(root, 0o755);
  for (const name of ['a.wav', 'closed/b.wav', 'z/c.wav']) await put(join(root, name), '');
  await chmod(join(root, 'closed'), 0);
  process.seteuid!(65_534);
  onTestFinished(() => process.seteuid!(0));
  const { clips, skipped } = await openFolder(root);
  expect(clips.map(({ id }) => id)).toEqual(['a.wav', 'z/c.wav']);
  expect(skipped).toEqual([
    {
      path: join(root, 'closed'),
      reason: 'folder not readable for this user (EACCES); change its permissions',
      cause: 'folder not readable',
    },
  ]);
  await expect(openFolder(join(root, 'closed'))).rejects.toThrow(/nothing that can be read; .*\n.*EACCES/);
});

test('a folder that vanishes while the others are listed costs itself alone', async () => {
  const root = await temporaryFolder();
  for (let i = 0; i < 30; i++) await put(join(root, String(i).padStart(2, '0'), 'a.wav'), '');
  const walking = openFolder(root);
  await rm(join(root, '29'), { recursive: true }); // earlier or later than it is reached
  const { clips, skipped } = await walking;
  expect(clips.length).toBeGreaterThanOrEqual(29);
  for (const { path, cause } of skipped) expect([path, cause]).toEqual([join(root, '29'), 'vanished']);
});

test('says what is wrong with a folder and what to do', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, 'empty'));
  await put(join(root, 'other/a.txt'), '');
  await put(join(root, 'other/b.TXT'), '');
  await put(join(root, 'other/c'), '');
  await put(join(root, 'hidden/._a.wav'), '');
  await expect(openFolder(join(root, 'missing'))).rejects.toThrow(
    /^openFolder: expected a folder, got .*missing \(ENOENT\); check the path$/,
  );
  await expect(openFolder(join(root, 'other/c'))).rejects.toThrow(/got the file .*; pass the folder it is in/);
  await expect(openFolder(join(root, 'empty'))).rejects.toThrow(
    /expected sound files below .*empty, got no files; check/,
  );
  await expect(openFolder(join(root, 'other'))).rejects.toThrow(
    /expected sound files .* got 2 x \.txt, 1 x no extension; name a folder/,
  );
  await expect(openFolder(join(root, 'hidden'))).rejects.toThrow(
    /got 1 hidden \(a name that begins with a dot\); check/,
  );
});
