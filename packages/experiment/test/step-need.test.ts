import { startBackend } from '@audio-ssl/backend';
import { tinyNotes } from '@audio-ssl/testing';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('measure-memory.ts', import.meta.url));
const { name } = await startBackend();

it.skipIf(name !== 'tensorflow')(
  'the memory that a run takes lies within a quarter of the estimate (native backend; wasm takes minutes)',
  { timeout: 300_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'need-'));
    const notes = await tinyNotes();
    try {
      const set = ['steps=4', 'batchSize=32', 'checkpointEvery=2', 'data.workers=1', 'monitor.clips=8'];
      const node = ['--import', 'tsx', '--conditions=@audio-ssl/source', program];
      const { stdout } = await promisify(execFile)(process.execPath, [...node, notes, join(folder, 'run'), ...set]);
      const { taken, estimated } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>;
      const MiB = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
      expect(estimated! / taken!, `estimated ${MiB(estimated!)}, taken ${MiB(taken!)}`).toBeGreaterThan(0.75);
      expect(estimated! / taken!, `estimated ${MiB(estimated!)}, taken ${MiB(taken!)}`).toBeLessThan(1.25);
    } finally {
      await rm(folder, { recursive: true });
      await rm(notes, { recursive: true });
    }
  },
);
