import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { openFolder, openLogMels } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

const run = promisify(execFile);

/** Two clips whose log-mels (6 kB) fit anywhere below, two (160 kB) that do not. */
async function shortAndLong(): Promise<string> {
  const root = await temporaryFolder();
  for (const [name, seconds] of Object.entries({ a: 0.2, b: 5, c: 0.2, d: 5 })) {
    await put(join(root, `${name}.wav`), wav(sine(440, seconds)));
  }
  return root;
}

async function cached(folder: string): Promise<{ whole: number; unfinished: number }> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const unfinished = names.filter(({ name }) => name.endsWith('.tmp')).length;
  return { whole: names.length - unfinished, unfinished };
}

const told = [
  expect.stringMatching(
    /^openLogMels: cannot write to .* \(E(NOSPC|FBIG).*\); continuing from memory, slower next time$/,
  ),
];

test('a full disk is reported once, and every clip is there all the same', async ({ skip }) => {
  const disk = join(await temporaryFolder(), 'disk');
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).catch(() =>
    skip('file systems cannot be mounted'),
  );
  onTestFinished(async () => void (await run('umount', [disk])));

  const cacheDir = join(disk, 'log-mels');
  const { clips } = await openFolder(await shortAndLong());
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  for (let time = 0; time < 2; time++) {
    const store = await openLogMels(clips, { cacheDir, workers: 2, onWarning });
    expect(await store.prepareAll()).toMatchObject({ kept: [0, 1, 2, 3], skipped: [] });
    expect((await store.load(1)).frames).toBe(498);
    await store.close();
    expect(warnings.splice(0)).toEqual(told);
    const { whole, unfinished } = await cached(cacheDir);
    expect(unfinished).toBe(0);
    expect(whole).toBeLessThanOrEqual(2); // a short one finds no room while a long one is being written
  }
});

test('the pieces of a long sound are there on a full disk, too', async ({ skip }) => {
  const disk = join(await temporaryFolder(), 'disk');
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]).catch(() =>
    skip('file systems cannot be mounted'),
  );
  onTestFinished(async () => void (await run('umount', [disk])));

  const { clips } = await openFolder(await shortAndLong());
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  for (let time = 0; time < 2; time++) {
    const store = await openLogMels(clips, {
      ...{ cacheDir: join(disk, 'log-mels'), workers: 1, segmentFrames: 200, onWarning },
    });
    const { pieces } = await store.prepareAll();
    expect(pieces.map(({ clip, frames }) => [clip, frames])).toEqual([
      ...[
        [0, 18],
        [1, 200],
        [1, 298],
        [2, 18],
        [3, 200],
        [3, 298],
      ],
    ]);
    for (const { clip, piece, frames } of pieces) expect((await store.load(clip, piece)).frames).toBe(frames);
    await store.close();
    expect(warnings.splice(0)).toEqual(told);
  }
});

// A limit on the size of files makes a write fail in its middle as a full disk does, where nothing can be mounted.
test('a write that breaks off leaves no entry, and every clip is there all the same', async () => {
  const cacheDir = join(await temporaryFolder(), 'cache');
  const shell = `trap '' XFSZ; ulimit -f 32; exec "$0" "$@"`; // 32 blocks of 512 or 1024 bytes
  const child = fileURLToPath(new URL('fixtures/prepare-child.ts', import.meta.url));
  const node = [process.execPath, '--import', 'tsx', '--conditions=@audio-ssl/source', child];
  const { stdout } = await run('sh', ['-c', shell, ...node, await shortAndLong(), cacheDir]);
  expect(JSON.parse(stdout)).toEqual({ kept: [0, 1, 2, 3], skipped: [], warnings: told });
  expect(await cached(cacheDir)).toEqual({ whole: 2, unfinished: 0 });
});
