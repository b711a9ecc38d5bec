import { runFiles } from '@audio-ssl/trainer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRunNotes } from '../src/run-log.js';

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'run-notes-'));
});
afterAll(() => rm(run, { recursive: true }));

async function log(notesAt: (step: number) => readonly string[], steps = 40): Promise<void> {
  const lines = Array.from({ length: steps }, (_, step) =>
    JSON.stringify({ step, time: '', seconds: 1, metrics: { loss: 1 }, notes: notesAt(step) }),
  );
  await writeFile(join(run, runFiles.log), lines.join('\n'));
}

describe('readRunNotes', () => {
  it('tells of a collapse that lasts, each time that it does', async () => {
    await log((step) => (step === 2 || (step >= 5 && step < 15) || step >= 30 ? ['collapse: x'] : []));
    expect(await readRunNotes(run)).toEqual([
      { note: 'collapse: x', from: 5, to: 14 },
      { note: 'collapse: x', from: 30, to: 39 },
    ]);
    await log((step) => (step >= 5 && step < 14 ? ['collapse: x'] : []));
    expect(await readRunNotes(run)).toEqual([]);
  });

  it('tells of what happened at single steps, and counts it', async () => {
    await log((step) => [
      ...(step === 7 ? ['data: 3 clips then, 4 now'] : []),
      ...(step % 10 === 3 ? ['spike: y'] : []),
    ]);
    expect(await readRunNotes(run)).toEqual([
      { note: 'spike: y', from: 3, to: 33, steps: 4 },
      { note: 'data: 3 clips then, 4 now', from: 7, to: 7 },
    ]);
  });
});
