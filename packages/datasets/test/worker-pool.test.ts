import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { logMelPresets } from '@audio-ssl/audio-frontend';
import { expect, test } from 'vitest';

import { computeLogMel, type LogMelTask } from '../src/log-mel-worker.js';
import { taskWatch } from '../src/task-watch.js';
import { workerPool } from '../src/worker-pool.js';
import { temporaryFolder } from './temporary-folder.js';
import { put, sine, wav } from './wav.js';

const settings: LogMelTask['settings'] = {
  ...{ logMel: logMelPresets.matpac, fillShort: false, segmentFrames: 100 },
  ...{ channel: 'mean', damaged: 'refuse', ffmpeg: false },
};

const task = (path: string, want: LogMelTask['want'] = 'spectrogram'): LogMelTask => ({
  ...{ path, cacheDir: undefined, settings, want, watch: taskWatch() },
});

test('a task that comes during a restart waits for it; none is done once the pool is closed', async () => {
  const pool = workerPool(1);
  const restarting = pool.restart();
  expect(await pool.run(task('/nowhere.wav'), 0)).toMatchObject({ cause: 'no such file' });
  await restarting;
  await pool.close();
  await expect(pool.run(task('/nowhere.wav'), 0)).rejects.toThrow('the workers were ended');
});

test('closing during a restart ends the new workers, too', async () => {
  const pool = workerPool(1);
  const restarting = pool.restart();
  const late = pool.run(task('/nowhere.wav'), 0);
  late.catch(() => undefined);
  await Promise.all([pool.close(), restarting]);
  await expect(late).rejects.toThrow('the workers were ended');
  await expect(pool.run(task('/nowhere.wav'), 0)).rejects.toThrow('the workers were ended');
});

test('a worker makes a piece before it surveys the sounds that wait', async () => {
  const root = await temporaryFolder();
  const paths = ['a.wav', 'b.wav', 'c.wav'].map((name) => join(root, name));
  for (const path of paths) await put(path, wav(sine(440, 20)));
  const { size, mtimeMs } = await stat(paths[0]!);
  const piece = { piece: 1, samples: 320_000, stamp: { size, modified: mtimeMs } };
  const done: string[] = [];
  await Promise.all(
    paths.map(async (path, i) => {
      if (i > 0) await sleep(5); // the first one has begun
      await computeLogMel(task(path));
      done.push(`survey ${i}`);
      if (i > 0) return;
      await computeLogMel(task(path, piece)); // asked for when the next survey could begin
      done.push('piece of 0');
    }),
  );
  expect(done).toEqual(['survey 0', 'piece of 0', 'survey 1', 'survey 2']);
});
