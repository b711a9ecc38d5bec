import { readSafetensors } from '@audio-ssl/tensor-files';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { readLog } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, pretrain, readRunRecord, type PretrainOptions, type RunSummary } from '../src/index.js';
import { collecting } from './collecting.js';
import { stereo, wav } from './tiny-sounds.js';

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

  it('lets one of two calls with other settings write into a fresh folder', { timeout: 120_000 }, async () => {
    const run = join(folder, 'two');
    const tries = await Promise.allSettled(
      ['model.encoder.numHeads=2', 'model.encoder.numHeads=4'].map((heads) => trained(run, { set: [heads] })),
    );
    const lost = tries.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    expect(lost).toEqual([expect.stringMatching(/FileError: process \d+ on .* is training in .*another `out`/)]);
    const { config } = await readRunRecord(run);
    expect(config.model.encoder.numHeads).toBe(tries[0]!.status === 'fulfilled' ? 2 : 4);
    const { metadata } = readSafetensors(await readFile(join(run, 'weights.safetensors')));
    expect(metadata.numHeads).toBe(String(config.model.encoder.numHeads));
    expect(existsSync(join(run, 'train.lock'))).toBe(false);
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

  it('reports what it leaves out and what is odd beside what it takes', { timeout: 120_000 }, async () => {
    const mixed = join(folder, 'mixed');
    await cp(join(notes, 'audio'), mixed, { recursive: true });
    for (const name of ['a.mp3', 'b.wav']) await writeFile(join(mixed, name), '');
    await writeFile(join(mixed, 'c.ogg'), '<!doctype html>');
    await symlink('d.wav', join(mixed, 'd.wav'));
    await writeFile(join(mixed, 'silent.wav'), stereo([0, 0]));
    await writeFile(join(mixed, 'opposite.wav'), stereo([1, -1]));
    const run = join(folder, 'of-mixed');
    const told = collecting();
    const { dataset } = await trained(run, { data: mixed, layout: 'folder', reporter: told });
    const { kept, skipped, notices = [] } = dataset;
    expect(kept).toBe(20);
    expect(skipped.map(({ path, cause }) => [basename(path), cause]).sort()).toEqual([
      ['a.mp3', 'empty'],
      ['b.wav', 'empty'],
      ['c.ogg', 'not audio'],
      ['d.wav', 'link to itself'],
    ]);
    expect(notices.map(({ path, kind }) => [basename(path), kind])).toEqual([
      ['opposite.wav', 'channels cancel'],
      ['silent.wav', 'silent'],
    ]);
    expect(told.notes).toEqual([
      `${mixed}: 4 skipped: 2 empty, 1 link to itself, 1 not audio`,
      'masks 7 of 10 tokens, 70.0 %',
    ]);
    expect(told.warnings).toEqual([
      expect.stringMatching(/^1 file whose channels cancel each other \(opposite\.wav\): /),
      expect.stringMatching(/^1 silent file \(silent\.wav\): /),
    ]);
    const page = await report(run);
    for (const words of [
      '4 skipped: 2 empty, 1 link to itself, 1 not audio',
      'channels cancel each other (',
      'silent file (',
    ])
      expect(page).toContain(words);
  });

  it('counts long recordings by their seconds, each piece a clip', { timeout: 120_000 }, async () => {
    const mixed = join(folder, 'long');
    await cp(join(notes, 'audio'), mixed, { recursive: true });
    await writeFile(join(mixed, 'long.wav'), wav(16_000 * 41));
    const run = join(folder, 'of-long');
    const { dataset } = await trained(run, { data: mixed, layout: 'folder', set: ['data.segment=10'] });
    expect(dataset).toMatchObject({ kept: 19, pieces: 18 + 4, skipped: [] }); // the last second joins the piece before it
    expect(dataset.seconds).toBeGreaterThan(40.9);
    expect(await report(run)).toMatch(/19 recordings \(\d+ s\), cut into 22 clips/);
    const whole = await trained(join(folder, 'of-whole'), {
      data: mixed,
      layout: 'folder',
      set: ['data.segment=null'],
    });
    expect(whole.dataset).toMatchObject({ kept: 19, pieces: 19 });
    expect(await report(join(folder, 'of-whole'))).toMatch(/19 clips \(\d+ s\) used/);
  });

  it('stops while it measures the data', async () => {
    const controller = new AbortController();
    const reporter = {
      progress: ({ stage = '' }) =>
        stage === 'statistics' && controller.abort(new DOMException('stopped', 'AbortError')),
    };
    const run = trained(join(folder, 'unmeasured'), { signal: controller.signal, reporter });
    await expect(run).rejects.toThrow('stopped');
  });

  it('leaves long recordings whole in a run from before there were segments', { timeout: 120_000 }, async () => {
    const mixed = join(folder, 'long-of-old');
    await cp(join(notes, 'audio'), mixed, { recursive: true });
    await writeFile(join(mixed, 'long.wav'), wav(16_000 * 100)); // more than a segment and a half
    const begin = async (run: string, options: Given): Promise<RunSummary> => {
      const controller = new AbortController();
      const reporter = {
        progress: ({ stage = '', done = 0 }) => stage === 'pretrain' && done === 3 && controller.abort(),
      };
      return trained(run, { data: mixed, layout: 'folder', signal: controller.signal, reporter, ...options });
    };
    const [old, unbroken] = [join(folder, 'old'), join(folder, 'unbroken')];
    expect(await begin(old, { set: ['data.segment=null'] })).toMatchObject({ completed: false, step: 3 });
    const path = join(old, 'config.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as { config: { data: Record<string, unknown> } };
    for (const key of ['segment', 'channel', 'damaged', 'ffmpeg']) delete record.config.data[key];
    await writeFile(path, JSON.stringify(record));
    // Neither the record nor the fingerprint in its checkpoint knows the keys.
    const settings = { data: mixed, layout: 'folder' };
    await expect(trained(old, { ...settings, set: ['data.segment=30'] })).rejects.toThrow('data.segment null -> 30');
    await expect(trained(old, { ...settings, set: ['data.channel=0'] })).rejects.toThrow('data.channel "mean" -> 0');
    const { completed, dataset } = await trained(old, settings);
    expect([completed, dataset.kept, dataset.pieces]).toEqual([true, 19, 19]);
    expect((await readRunRecord(old)).config.data.segment).toBeNull();
    await trained(unbroken, { ...settings, set: ['data.segment=null'] });
    const losses = async (run: string) => (await readLog(run)).map(({ metrics }) => metrics.loss);
    expect(await losses(old)).toEqual(await losses(unbroken));
  });

  it('drops short clips when asked to', async () => {
    const set = ['data.shortClips=drop', 'data.cropFrames=64'];
    await expect(trained(join(folder, 'short'), { set })).rejects.toThrow(
      /too short: 38 frames, 64 or more are asked for; pad it with `data\.shortClips=pad`, or take shorter crops \(data\.cropFrames\)/,
    );
  });

  it('fits a run into a time budget', { timeout: 120_000 }, async () => {
    const run = join(folder, 'budget');
    const set = [...tinyModel.filter((setting) => !setting.startsWith('steps=')), 'minutes=0.01'];
    const config = await loadConfig({ preset: 'demo', set: [...set, 'data.dataset=nsynth'] });
    const { completed, step } = await pretrain({ data: notes, out: run, config });
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
