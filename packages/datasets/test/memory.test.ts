import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { temporaryFolder } from './temporary-folder.js';
import { wav } from './wav.js';

const run = promisify(execFile);

/** MB that a process may take that reads sounds of any length with two workers, with Node and all. */
const MOST = 400;

/** A WAV file of silence that takes no room on the disk. */
async function sparseWav(path: string, seconds: number, rate: number): Promise<void> {
  const header = Buffer.from(wav(new Float32Array(0), rate));
  const bytes = 4 * rate * seconds;
  header.writeUInt32LE(36 + bytes, 4);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(4 * rate, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt32LE(bytes, 40);
  const file = await open(path, 'w');
  await file.write(header);
  await file.truncate(header.length + bytes);
  await file.close();
}

interface Measured {
  readonly pieces: number;
  readonly skipped: readonly unknown[];
  readonly read: { readonly megabytes: number };
}

async function measure(root: string): Promise<Measured> {
  const child = fileURLToPath(new URL('fixtures/memory-child.ts', import.meta.url));
  const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', child, root];
  return JSON.parse((await run(process.execPath, args)).stdout) as Measured;
}

test.skipIf(process.platform !== 'linux')(
  'two WAV files of 20 minutes of stereo, 212 MB each, at once take no more than 400 MB in all',
  { timeout: 240_000 },
  async () => {
    const root = await temporaryFolder();
    for (const name of ['a', 'b']) await sparseWav(join(root, `${name}.wav`), 1200, 44_100);
    const { pieces, skipped, read } = await measure(root);
    expect([pieces, skipped]).toEqual([40, []]);
    expect(read.megabytes).toBeLessThan(MOST);
  },
);

test.skipIf(process.platform !== 'linux')(
  'three hours in a FLAC file of some kB take no more',
  { timeout: 240_000 },
  async ({ skip }) => {
    const root = await temporaryFolder();
    const silence = ['-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '10800', '-frame_size', '65535'];
    await run('ffmpeg', ['-v', 'error', ...silence, join(root, 'a.flac')]).catch(() =>
      skip('no ffmpeg makes the file'),
    );
    const { pieces, skipped, read } = await measure(root);
    expect([pieces, skipped]).toEqual([180, []]);
    expect(read.megabytes).toBeLessThan(MOST);
  },
);
