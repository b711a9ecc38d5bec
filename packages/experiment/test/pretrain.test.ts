import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { readLog } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, pretrain, readRunRecord, type PretrainOptions, type RunSummary } from '../src/index.js';
import { collecting } from './collecting.js';

let folder: string;
let notes: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pretrain-'));
  notes = await tinyNotes();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

type Given = Partial<PretrainOptions> & { readonly layout?: string; readonly set?: readonly string[] };

const trained = async (out: string, { layout = 'nsynth', set = [], ...options }: Given = {}): Promise<RunSummary> => {
  const config = await loadConfig({ preset: 'demo', set: [...tinyModel, `data.dataset=${layout}`, ...set] });
  return pretrain({ data: notes, out, config, ...options });
};
const report = (run: string): Promise<string> => readFile(join(run, 'report.html'), 'utf8');

describe('pretrain', () => {
  it('takes another configuration after a start that failed before its first step', { timeout: 120_000 }, async () => {
    const run = join(folder, 'failed');
    const before = tf.memory().numTensors;
    await expect(trained(run, { set: ['data.mean=0', 'data.std=1e-44'] })).rejects.toThrow(/is NaN at step 0/);
    expect(existsSync(join(run, 'config.json'))).toBe(true);
    expect(await trained(run)).toMatchObject({ completed: true, step: 6 });
    expect(await readLog(run)).toHaveLength(6);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('resumes with the settings that may change as they are given', { timeout: 120_000 }, async () => {
    const run = join(folder, 'free');
    await trained(run, { command: 'the first' });
    const before = await readRunRecord(run);
    expect(before.command).toBe('the first');
    await trained(run, { command: 'the second', set: ['probe.folds=3', 'checkpointEvery=5'] });
    const { config, ...rest } = await readRunRecord(run);
    expect(config).toMatchObject({ probe: { folds: 3 }, checkpointEvery: 5 });
    expect({ ...before, ...rest }).toEqual(before);
    expect(await report(run)).toContain('folds: 3');
  });

  it('reports audio that it cannot decode beside what it can', { timeout: 120_000 }, async () => {
    const mixed = join(folder, 'mixed');
    await cp(join(notes, 'audio'), mixed, { recursive: true });
    for (const name of ['a.mp3', 'b.mp3', 'c.ogg']) await writeFile(join(mixed, name), '');
    const run = join(folder, 'of-mixed');
    const told = collecting();
    const words = '2 .mp3, 1 .ogg files left out; convert them to .wav or .flac';
    const { dataset } = await trained(run, { data: mixed, layout: 'folder', reporter: told });
    expect(dataset).toMatchObject({ kept: 18, skipped: [], undecodable: words });
    expect(told.warnings).toEqual([`${mixed}: ${words}`]);
    expect(await report(run)).toContain(words);
  });

  it('drops short clips when asked to', async () => {
    const set = ['data.shortClips=drop', 'data.cropFrames=64'];
    await expect(trained(join(folder, 'short'), { set })).rejects.toThrow(
      /too short: 38 frames, 64 or more are asked for; pad it \(data\.shortClips=pad\), or take shorter crops \(data\.cropFrames\)/,
    );
  });

  it('fits a run into a time budget', { timeout: 120_000 }, async () => {
    const run = join(folder, 'budget');
    const { completed, step } = await trained(run, { set: ['minutes=0.01'] });
    const { measured } = await readRunRecord(run);
    expect(measured.steps).toBeGreaterThanOrEqual(1);
    expect(await readLog(run)).toHaveLength(measured.steps);
    expect({ completed, step }).toEqual({ completed: true, step: measured.steps });
  });

  it('refuses an `out` that cannot be written to before it reads any sound', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const stages: string[] = [];
    const reporter = { stage: ({ name }: { readonly name: string }) => void stages.push(name) };
    for (const out of [file, join(file, 'run')])
      await expect(trained(out, { reporter })).rejects.toThrow(
        /`out`: expected a folder that can be written to, got .*a-file is a file; name another one/,
      );
    expect(stages).toEqual([]);
  });

  it('refuses an empty folder and a table without a column', async () => {
    const empty = join(folder, 'empty');
    const out = join(folder, 'x');
    await mkdir(join(empty, 'meta'), { recursive: true });
    await expect(trained(out, { data: empty, layout: 'folder' })).rejects.toThrow(empty);
    await mkdir(join(empty, 'audio'));
    await writeFile(join(empty, 'meta', 'esc50.csv'), 'filename,fold\na.wav,1\n');
    await expect(trained(out, { data: empty, layout: 'esc50' })).rejects.toThrow(/esc50\.csv: column "target"/);
  });
});
