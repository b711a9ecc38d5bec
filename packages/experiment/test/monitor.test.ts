import type { ReportProbe } from '@audio-ssl/report';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { readLog } from '@audio-ssl/trainer';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, pretrain, probe, probeSummary, type RunSummary } from '../src/index.js';
import { collecting } from './collecting.js';

let folder: string;
let notes: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'monitor-'));
  notes = await tinyNotes();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

const train = async (out: string, settings: readonly string[], reporter = collecting()): Promise<RunSummary> => {
  const set = [...tinyModel, 'data.dataset=nsynth', 'monitor.clips=12', ...settings];
  return await pretrain({ data: notes, out, config: await loadConfig({ preset: 'demo', set }), reporter });
};
const page = async (run: string): Promise<string> =>
  (await readFile(join(run, 'report.html'), 'utf8'))
    .replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, '')
    .replace(/\s+/g, ' ');

describe('monitor', () => {
  it('names a collapse to the reporter, in the log and the report when it happens', { timeout: 300_000 }, async () => {
    const run = join(folder, 'collapsed');
    // The teacher is the student of the step before, and the steps are far too large.
    const collapsing = [
      ...['steps=40', 'batchSize=8', 'monitor.every=20', 'optimizer.learningRate=1', 'classification.weight=0'],
      ...['classification.observe=false', 'teacher.start=student', 'teacher.input=all'],
      'teacher.encoderDecay={from: 0, to: 0, referenceSteps: null}',
    ];
    const told = collecting();
    await train(run, collapsing, told);
    const log = await readLog(run);
    const sign = "collapse: the student's predictions all point one way";
    const sound = log.map((entry) => entry.notes?.includes(sign) ?? false).lastIndexOf(false); // the last step without the remark
    const since = sound + 1;
    expect(since, JSON.stringify(log.at(-1))).toBeGreaterThan(0);
    expect(since, JSON.stringify(log.at(-1))).toBeLessThan(30);
    expect(told.warnings).toContain(`${sign}, since step ${since}`);
    expect(await page(run)).toContain(
      `Collapse: the student&#39;s predictions all point one way, from step ${since} to 39.`,
    );
    expect(log.filter(({ metrics }) => 'features/rankMe' in metrics).map(({ step }) => step)).toEqual([19, 39]);
  });

  it('watches a sound run without a remark, and every probe can be asked for', { timeout: 300_000 }, async () => {
    const run = join(folder, 'sound');
    const told = collecting();
    await train(run, ['steps=8', 'monitor.every=4'], told);
    const log = await readLog(run);
    expect(told.warnings).toEqual([]);
    expect(await page(run)).not.toContain('Collapse');
    const { metrics } = log[7]!;
    expect(metrics['features/rankMe']).toBeGreaterThan(1);
    expect(metrics['features/uniformity']).toBeLessThan(0);
    expect(metrics['features/alignment']).toBeGreaterThan(0);
    expect(metrics['probe/knn']).toBeGreaterThanOrEqual(0);
    for (const title of ['Effective rank', 'Uniformity', 'Alignment', 'Nearest neighbours'])
      expect(await page(run)).toContain(title);

    // The monitor changes no number of the run, and may be turned off midway.
    const alone = join(folder, 'unwatched');
    await train(alone, ['steps=8', 'monitor.every=0']);
    const loss = async (of: string): Promise<unknown[]> =>
      (await readLog(of)).map(({ metrics: { loss: value } }) => value);
    expect(await loss(alone)).toEqual(await loss(run));

    const options = { run, root: notes, layout: 'nsynth', poolings: ['max'] } as const;
    const methods = { protocol: 'matpac', fewShot: 2, knn: 3 } as const;
    const probes = await probe({ ...options, layers: [0], methods, fineTuneEpochs: 1 });
    const said = probes.map(probeSummary).join('\n');
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
    const written = JSON.parse(await readFile(join(run, 'report', 'probes.json'), 'utf8')) as ReportProbe[];
    expect(written).toEqual(JSON.parse(JSON.stringify(probes)));
    const linear = probes.find(({ method }) => method?.includes('bare linear'))!;
    const byFold = linear.pretrained.folds!.map(({ value }) => value);
    expect(byFold).toHaveLength(5);
    expect(linear.pretrained.value).toBeGreaterThanOrEqual(Math.min(...byFold));
    expect(linear.pretrained.value).toBeLessThanOrEqual(Math.max(...byFold));
    const fewShot = probes.find(({ method }) => method?.includes('drawn ten times'))!;
    for (const { value, seeds } of [fewShot.randomStart, fewShot.pretrained, fewShot.logMel!])
      expect((seeds!.low + seeds!.high) / 2).toBeCloseTo(value, 9);
    expect((fewShot.gain.seeds!.low + fewShot.gain.seeds!.high) / 2).toBeCloseTo(fewShot.gain.value, 9);
    await expect(probe({ ...options, layers: [1] })).rejects.toThrow('`layers` 1: the encoder has the blocks 0 to 0');
    await expect(probe({ ...options, methods: { fewShot: 0 } })).rejects.toThrow(/shots/);
  });
});
