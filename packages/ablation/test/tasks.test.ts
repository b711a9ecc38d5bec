import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doTask } from '../src/do-task.js';
import { planSuite, savePlan } from '../src/plan.js';
import { loadSuite } from '../src/suites.js';
import { parseTask, readResult, type SuiteTask, taskFile, taskName } from '../src/tasks.js';

let folder: string;
let notes: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tasks-'));
  notes = await tinyNotes();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

describe('a task', () => {
  it('has a name that is read back', () => {
    const tasks: SuiteTask[] = [
      { kind: 'prepare' },
      { kind: 'time', row: 'a-b' },
      { kind: 'start', seed: 3 },
      { kind: 'run', row: 'a.5', seed: 0 },
    ];
    expect(tasks.map(taskName).map(parseTask)).toEqual(tasks);
    expect(() => parseTask('sleep')).toThrow('expected prepare, time:ROW');
  });

  it('says that its damaged result may be deleted', async () => {
    const task: SuiteTask = { kind: 'time', row: 'a' };
    await mkdir(join(folder, 'timing'), { recursive: true });
    await writeFile(join(folder, taskFile(task)), '');
    await expect(readResult(folder, task)).rejects.toThrow(
      /a\.json is not valid JSON .*; delete it, and the same command does that piece again$/,
    );
  });

  it('is timed on the clips that its run will have', async () => {
    const out = join(folder, 'short clips');
    const suite = await loadSuite('paper');
    const set = [...tinyModel, 'data.cropFrames=48', 'data.shortClips=drop']; // of 38 to 40 frames
    const asked = { suite, data: notes, layout: 'nsynth', seeds: 1, preset: 'demo' } as const;
    await savePlan(out, await planSuite({ ...asked, set }));
    await writeFile(join(out, taskFile({ kind: 'prepare' })), JSON.stringify({ standardization: { mean: 0, std: 1 } }));
    const doing = doTask(out, { kind: 'time', row: 'matpac' });
    await expect(doing).rejects.toThrow(/too short: .*data\.shortClips=pad/);
  });

  it('is one of a row that the suite has', async () => {
    const out = join(folder, 'rows');
    const suite = await loadSuite('paper');
    const asked = { suite, data: notes, layout: 'nsynth', seeds: 1, preset: 'demo' } as const;
    await savePlan(out, await planSuite(asked));
    await writeFile(join(out, taskFile({ kind: 'prepare' })), '{}');
    await expect(doTask(out, { kind: 'time', row: 'm3d' })).rejects.toThrow('has no row m3d; its rows are matpac, ');
  });
});
