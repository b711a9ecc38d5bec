import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { newestCheckpoint, readLog } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { cp, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, pretrain, readRunRecord, replay, type PretrainOptions, type RunSummary } from '../src/index.js';
import { gradientSpikes } from '../src/pretrain/gradient-spikes.js';
import { collecting } from './collecting.js';
import { wav } from './tiny-sounds.js';

let folder: string;
let sounds: string;
let stopped: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
  const notes = await tinyNotes();
  sounds = join(folder, 'sounds');
  await cp(join(notes, 'audio'), sounds, { recursive: true });
  await rm(notes, { recursive: true });
  stopped = join(folder, 'stopped');
  const controller = new AbortController();
  const reporter = {
    progress: ({ stage = '', done = 0 }) => stage === 'pretrain' && done === 3 && controller.abort(),
  };
  const summary = await trained(stopped, { signal: controller.signal, reporter });
  expect(summary).toMatchObject({ completed: false, step: 3 });
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

const trained = async (out: string, options: Partial<PretrainOptions> = {}): Promise<RunSummary> => {
  const config = await loadConfig({ preset: 'demo', set: [...tinyModel, 'data.dataset=folder'] });
  return pretrain({ data: sounds, out, config, ...options });
};

/** A copy of the stopped run. */
async function copied(name: string): Promise<string> {
  const run = join(folder, name);
  await cp(stopped, run, { recursive: true });
  return run;
}

/** Does something to the sounds while `work` runs. */
async function withOthers(change: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  const kept = join(folder, 'kept');
  await cp(sounds, kept, { recursive: true, preserveTimestamps: true });
  try {
    await change();
    await work();
  } finally {
    await rm(sounds, { recursive: true });
    await cp(kept, sounds, { recursive: true, preserveTimestamps: true });
    await rm(kept, { recursive: true });
  }
}
const first = async (): Promise<string> => join(sounds, (await readdir(sounds)).sort()[0]!);
const figures = async (run: string): Promise<unknown> => (await readLog(run)).map(({ metrics }) => metrics);

describe('a run that is resumed', { timeout: 120_000 }, () => {
  it.each([
    [
      'added',
      async () => writeFile(join(sounds, 'more.wav'), wav(20_000)),
      '18 clips then, 19 now: 1 added (more.wav)',
    ],
    ['removed', async () => rm(await first()), '18 clips then, 17 now: 1 removed ('],
    ['damaged', async () => writeFile(await first(), 'no sound'), '18 clips then, 17 now: 1 removed ('],
    ['of another length', async () => writeFile(await first(), wav(9000)), '18 clips then, 18 now: 1 changed ('],
    [
      'replaced by others of the same length',
      async () => {
        const bytes = await readFile(await first());
        await writeFile(await first(), bytes.fill(1, 100, 200)); // samples
      },
      '18 clips then, 18 now: 1 changed (',
    ],
  ])('is refused where files were %s, in words', async (_, change, words) => {
    await withOthers(change, async () => {
      const run = await copied('refused');
      const before = await readdir(run);
      const error = await trained(run).catch((thrown: unknown) => String(thrown));
      expect(error).toContain(words);
      expect(error).toMatch(/^InputError: .*restore the files, give another `out`, or give `acceptDataChange`/);
      expect((await newestCheckpoint(run))?.step).toBe(3);
      expect(await readdir(run)).toEqual(before);
      await rm(run, { recursive: true });
    });
  });

  it('goes on with other files where that is accepted, and says so for good', async () => {
    const run = await copied('accepted');
    await withOthers(
      async () => writeFile(join(sounds, 'more.wav'), wav(20_000)),
      async () => {
        const reporter = collecting();
        expect(await trained(run, { acceptDataChange: true, reporter })).toMatchObject({ completed: true, step: 6 });
        const words = '18 clips then, 19 now: 1 added (more.wav)';
        expect(reporter.warnings).toContain(`the data has changed, which was accepted: ${words}; from step 3 on`);
        expect((await readRunRecord(run)).dataChanges).toMatchObject([{ step: 3, words }]);
        const noted = (await readLog(run)).filter(({ notes = [] }) => notes.some((note) => note.startsWith('data: ')));
        expect(noted).toMatchObject([{ step: 3, notes: [`data: ${words}`] }]);
        const path = join(run, 'summary.json');
        const summary = JSON.parse(await readFile(path, 'utf8')) as RunSummary;
        const lost = { path: join(sounds, 'lost.wav'), reason: 'it is gone', cause: 'gone' };
        await writeFile(path, JSON.stringify({ ...summary, dataset: { ...summary.dataset, skipped: [lost] } }));
        const { dataset } = await trained(run); // the same files: nothing to accept
        expect(dataset.skipped).toEqual([lost]); // what an earlier part has lost
      },
    );
    await expect(trained(run)).rejects.toThrow('19 clips then, 18 now: 1 removed (more.wav)');
  });

  it('is one run with files that were only touched, and equals an unbroken one', async () => {
    const run = await copied('touched');
    await withOthers(
      async () => utimes(await first(), 1, 1),
      async () => expect(await trained(run)).toMatchObject({ completed: true }),
    );
    const unbroken = join(folder, 'unbroken');
    await trained(unbroken);
    expect(await figures(run)).toEqual(await figures(unbroken));
    const weights = (of: string): Promise<Buffer> => readFile(join(of, 'weights.safetensors'));
    expect(await weights(run)).toEqual(await weights(unbroken));
  });

  it('keeps its statistics and its length: they are part of what fixes the numbers', async () => {
    const run = await copied('edited');
    const path = join(run, 'config.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as { measured: { mean: number } };
    record.measured.mean += 1;
    await writeFile(path, JSON.stringify(record));
    await expect(trained(run)).rejects.toThrow(/measured\.mean is .* in the run and .* now/);
  });

  it('from before there were lists of clips goes on, gets one, and says so', async () => {
    const run = await copied('earlier');
    await rm(join(run, 'clips.jsonl'));
    const { path } = (await newestCheckpoint(run))!;
    const { tensors, metadata } = readSafetensors(await readFile(path));
    const fingerprint = JSON.parse(metadata['fingerprint']!) as Record<string, unknown>;
    for (const key of ['measured', 'clips']) delete fingerprint[key];
    const earlier = { step: metadata['step']!, fingerprint: JSON.stringify(fingerprint) };
    await writeFile(path, writeSafetensors(tensors, earlier));
    const reporter = collecting();
    expect(await trained(run, { reporter })).toMatchObject({ completed: true });
    expect(reporter.notes).toContainEqual(expect.stringContaining('begun before runs kept a list of their clips'));
    expect((await readFile(join(run, 'clips.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(18);
  });

  it('has checkpoints that say what they are', async () => {
    const { path } = (await newestCheckpoint(stopped))!;
    const { metadata } = readSafetensors(await readFile(path));
    const { measured } = await readRunRecord(stopped);
    expect(metadata).toMatchObject({ preset: 'demo', variant: 'matpac', step: '3', mean: String(measured.mean) });
    expect(metadata).toHaveProperty('numHeads');
    expect(metadata).toHaveProperty('frontEnd');
  });
});

describe('a step that is repeated', { timeout: 120_000 }, () => {
  const values = (figures: unknown): unknown => JSON.parse(JSON.stringify(figures));

  it('measures what it measured in the run, and shows batch and tensors', async () => {
    const run = await copied('replayed');
    await trained(run);
    const before = tf.memory().numTensors;
    const [five] = (await readLog(run)).filter(({ step }) => step === 5);
    const replayed = await replay({ run, step: 5 });
    expect(replayed.from).toBe(5); // the checkpoints that are kept are of 5 and 6 steps
    for (const [name, value] of Object.entries(replayed.metrics)) expect(five!.metrics[name], name).toBe(value);
    expect(replayed.clips).toHaveLength(4);
    expect(replayed.scalars).toHaveProperty('learningRate');
    const moved = replayed.tensors.filter(({ before: then, after }) => then.norm !== after.norm);
    expect(moved.length).toBeGreaterThan(10);
    expect(replayed.tensors.every(({ after }) => after.nonFinite === 0 && after.largest <= after.norm)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    // Before all checkpoints that are kept: from the start.
    const first = await replay({ run, step: 1 });
    expect(first.from).toBe(0);
    expect(values(first.metrics)).toEqual(expect.objectContaining({ loss: (await readLog(run))[1]!.metrics['loss'] }));
    await expect(replay({ run, step: 6 })).rejects.toThrow('expected a step of');
  });

  it('is offered where a figure is no number, with what was in the batch', async () => {
    const run = join(folder, 'diverged');
    const config = await loadConfig({
      preset: 'demo',
      set: [...tinyModel, 'data.dataset=folder', 'data.mean=0', 'data.std=1e-44'],
    });
    const error = await pretrain({ data: sounds, out: run, config }).catch((thrown: unknown) => String(thrown));
    expect(error).toMatch(/the metric '.*' is NaN at step 0; there is no checkpoint yet; its batch was of .*\.wav, /);
    expect(error).toMatch(
      /`replay` .*diverged with `step` 0 repeats it .*; begin again with a lower learning rate, a longer warm-up or stronger clipping$/,
    );
    const kept = JSON.parse(await readFile(join(run, 'nonfinite', 'step-0.json'), 'utf8')) as {
      metrics: Record<string, unknown>;
      clips: string[];
    };
    expect(kept.clips).toHaveLength(4);
    expect(Object.values(kept.metrics)).toContain('NaN');
    const { metrics, clips, tensors } = await replay({ run, step: 0 });
    expect(clips).toEqual(kept.clips);
    expect(Object.values(metrics).some(Number.isNaN)).toBe(true);
    expect(tensors.some(({ before: then, after }) => then.nonFinite === 0 && after.nonFinite > 0)).toBe(true);
  });
});

describe('the gradient', () => {
  it('is noted when it is far longer than those before, in a resumed run as in an unbroken one', async () => {
    const run = await mkdtemp(join(folder, 'spikes-'));
    const norms = Array.from({ length: 60 }, (_, i) => (i === 5 || i === 40 || i === 41 ? 50 : 1 + (i % 3)));
    const line = (norm: number, step: number): string => JSON.stringify({ step, metrics: { 'gradient/norm': norm } });
    await writeFile(join(run, 'log.jsonl'), norms.map(line).join('\n'));
    const noted = async (from: number): Promise<readonly number[]> => {
      const spikes = await gradientSpikes(run, from);
      return norms.flatMap((norm, i) => (i >= from && spikes({ 'gradient/norm': norm }).length > 0 ? [i] : []));
    };
    for (const from of [0, 10, 40]) expect(await noted(from)).toEqual([40, 41]);
    expect(await noted(41)).toEqual([41]);
    expect((await gradientSpikes(run, 60))({ loss: 1 })).toEqual([]);
  });
});
