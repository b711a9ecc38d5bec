import { readLog } from '@audio-ssl/trainer';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '@audio-ssl/cli';
import type { ReportProbe } from '@audio-ssl/report';
import { tinyArguments, tinyNotes } from '@audio-ssl/testing';

let folder: string;
let notes: string;
let said = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'monitor-'));
  process.env.AUDIO_SSL_CACHE ??= join(folder, 'cache');
  notes = await tinyNotes();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});
beforeEach(() => {
  said = '';
  const listen = (...words: unknown[]): void => void (said += `${words.join(' ')}\n`);
  vi.spyOn(console, 'log').mockImplementation(listen);
  vi.spyOn(console, 'error').mockImplementation(listen);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    listen(text);
    return true;
  });
});

const pretrain = (out: string, ...settings: string[]): Promise<number> =>
  runCli([
    'pretrain',
    ...['--data', notes, '--dataset', 'nsynth', '--preset', 'demo', '--out', out],
    ...tinyArguments,
    ...['monitor.clips=12', ...settings].flatMap((setting) => ['--set', setting]),
  ]);
const page = async (run: string): Promise<string> =>
  (await readFile(join(run, 'report.html'), 'utf8'))
    .replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, '')
    .replace(/\s+/g, ' ');

describe('monitor', () => {
  it('names a collapse in the terminal, the log and the report when it happens', { timeout: 300_000 }, async () => {
    const run = join(folder, 'collapsed');
    // The teacher is the student of the step before, and the steps are far too large.
    const collapsing = [
      ...['steps=40', 'batchSize=8', 'monitor.every=20', 'optimizer.learningRate=1', 'classification.weight=0'],
      ...['classification.observe=false', 'teacher.start=student', 'teacher.input=all'],
      'teacher.encoderDecay={from: 0, to: 0, referenceSteps: null}',
    ];
    expect(await pretrain(run, ...collapsing), said).toBe(0);
    const log = await readLog(run);
    const sign = "collapse: the student's predictions all point one way";
    const sound = log.map((entry) => entry.notes?.includes(sign) ?? false).lastIndexOf(false); // the last step without the remark
    const since = sound + 1;
    expect(since, JSON.stringify(log.at(-1))).toBeGreaterThan(0);
    expect(since, JSON.stringify(log.at(-1))).toBeLessThan(30);
    expect(said).toContain(`${sign}, since step ${since}`);
    expect(await page(run)).toContain(
      `Collapse: the student&#39;s predictions all point one way, from step ${since} to 39.`,
    );
    expect(log.filter(({ metrics }) => 'features/rankMe' in metrics).map(({ step }) => step)).toEqual([19, 39]);
  });

  it('watches a sound run without a remark, and every probe can be asked for', { timeout: 300_000 }, async () => {
    const run = join(folder, 'sound');
    expect(await pretrain(run, 'steps=8', 'monitor.every=4'), said).toBe(0);
    const log = await readLog(run);
    expect(said).not.toContain('collapse');
    expect(await page(run)).not.toContain('Collapse');
    const { metrics } = log[7]!;
    expect(metrics['features/rankMe']).toBeGreaterThan(1);
    expect(metrics['features/uniformity']).toBeLessThan(0);
    expect(metrics['features/alignment']).toBeGreaterThan(0);
    expect(metrics['probe/knn']).toBeGreaterThanOrEqual(0);
    const written = await page(run);
    for (const title of ['Effective rank', 'Uniformity', 'Alignment', 'Nearest neighbours'])
      expect(written).toContain(title);

    // The monitor changes no number of the run, and may be turned off midway.
    const alone = join(folder, 'unwatched');
    expect(await pretrain(alone, 'steps=8', 'monitor.every=0'), said).toBe(0);
    const loss = async (of: string): Promise<unknown[]> =>
      (await readLog(of)).map(({ metrics: { loss: value } }) => value);
    expect(await loss(alone)).toEqual(await loss(run));

    const arguments_ = ['probe', run, '--dataset', 'nsynth', '--root', notes, '--pool', 'max', '--layers', '0'];
    const all = ['--protocol', 'matpac', '--few-shot', '2', '--knn', '3', '--fine-tune', '1'];
    expect(await runCli([...arguments_, ...all]), said).toBe(0);
    for (const words of [
      'maximum over time, layer 0 (from 0)',
      'a bare linear layer (protocol matpac)',
      'logistic regression from 2 clips a class',
      '3 nearest neighbours in the other folds',
      'the whole encoder trained on the labels for 1 epoch',
    ]) {
      expect(said).toContain(words);
      expect(await page(run)).toContain(words);
    }
    expect(said.match(/gain +-?[\d.]+ points/g)).toHaveLength(4);
    // Only the draws of few shots are several.
    expect(said.match(/gain +.*; over seeds -?[\d.]+ to -?[\d.]+\)/g)).toHaveLength(1);
    const probes = JSON.parse(await readFile(join(run, 'report', 'probes.json'), 'utf8')) as ReportProbe[];
    const linear = probes.find(({ method }) => method?.includes('bare linear'))!;
    const byFold = linear.pretrained.folds!.map(({ value }) => value);
    expect(byFold).toHaveLength(5);
    expect(linear.pretrained.value).toBeGreaterThanOrEqual(Math.min(...byFold));
    expect(linear.pretrained.value).toBeLessThanOrEqual(Math.max(...byFold));
    const fewShot = probes.find(({ method }) => method?.includes('drawn ten times'))!;
    for (const { value, seeds } of [fewShot.randomStart, fewShot.pretrained, fewShot.logMel!])
      expect((seeds!.low + seeds!.high) / 2).toBeCloseTo(value, 9);
    expect((fewShot.gain.seeds!.low + fewShot.gain.seeds!.high) / 2).toBeCloseTo(fewShot.gain.value, 9);
    expect(await runCli([...arguments_.slice(0, -1), '1'])).toBe(1);
    expect(said).toContain('--layers 1: the encoder has the blocks 0 to 0');
    expect(await runCli([...arguments_, '--few-shot', '0'])).toBe(2);
    expect(await runCli([...arguments_, '--protocol', 'evra'])).toBe(2);
  });
});
