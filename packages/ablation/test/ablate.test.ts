import { loadConfig, pretrain, type Reporter } from '@audio-ssl/experiment';
import type { SuiteResults } from '@audio-ssl/report';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { lockFolder, readLog } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ablate, type AblateOptions, type SuiteEstimate } from '../src/ablate.js';

let folder: string;
let notes: string;
let suite: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ablate-'));
  process.env.AUDIO_SSL_CACHE ??= join(folder, 'cache');
  notes = await tinyNotes();
  suite = join(folder, 'two.yaml');
  await writeFile(suite, 'title: Two <rows>\nrows: { no classes: { classification: { weight: 0 } } }\n');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

const settings = [...tinyModel, 'probe.folds=3', 'probe.pool=[mean]'];
const twoRows = (out: string, { set = [], ...over }: Partial<AblateOptions> = {}) =>
  ablate({ suite, data: notes, out, seeds: 1, preset: 'demo', parallel: 2, set: [...settings, ...set], ...over });
const read = async <T>(...path: string[]): Promise<T> => JSON.parse(await readFile(join(...path), 'utf8')) as T;

describe('ablate', () => {
  it(
    'runs a suite in processes of its own, lists what failed, and does on a second call what is left',
    { timeout: 600_000 },
    async () => {
      const out = join(folder, 'whole');
      const stages: string[] = [];
      const reporter: Reporter = { stage: ({ name, done }) => void stages.push(`${name} ${done}`) };

      const planned = await twoRows(out, { seeds: 2, planOnly: true, reporter });
      expect(planned).toMatchObject({
        end: 'planned',
        plan: { layout: 'nsynth', seeds: [0, 1], rows: [{}, { changes: ['classification.weight 0.5 -> 0'] }] },
        estimate: { steps: 6, available: null, short: false, left: { runs: 4 }, parallel: 2 },
        failed: [],
      });
      expect(stages).toEqual(['prepare 0', 'calibrate 0']);
      expect(planned).not.toHaveProperty('results');
      expect(existsSync(join(out, 'runs', 'no-classes'))).toBe(false);

      // A file where a run's folder has to be: that run fails, the others do not.
      await mkdir(join(out, 'runs', 'no-classes'), { recursive: true });
      await writeFile(join(out, 'runs', 'no-classes', 'seed-1'), '');
      const { end, failed } = await twoRows(out, { seeds: 2, reporter });
      expect(end).toBe('completed');
      expect(failed.map(({ task }) => task)).toEqual([{ kind: 'run', row: 'no-classes', seed: 1 }]);
      const results = (): Promise<SuiteResults> => read(out, 'results.json');
      const first = await results();
      expect(first).toMatchObject({ done: 3, total: 4, clips: 18, classes: 3, steps: 6, seeds: [0, 1] });
      expect(first.rows[1]!.runs[1]).toMatchObject({ done: false, failed: failed[0]!.reason });
      expect(failed[0]!.reason).toBeTruthy();
      expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('Failed:');

      await rm(join(out, 'runs', 'no-classes', 'seed-1'));
      const before = await stat(join(out, 'runs', 'baseline', 'seed-0', 'result.json'));
      expect((await twoRows(out, { seeds: 2 })).failed).toEqual([]);
      expect((await stat(join(out, 'runs', 'baseline', 'seed-0', 'result.json'))).mtimeMs).toBe(before.mtimeMs);
      const { rows, done, randomStart } = await results();
      expect(done).toBe(4);
      const [baseline, changed] = rows as [SuiteResults['rows'][number], SuiteResults['rows'][number]];
      for (const { perSeed } of [baseline.scores.mean!, changed.scores.mean!])
        for (const value of perSeed) expect(value! * 18).toBeCloseTo(Math.round(value! * 18), 9); // shares of 18 clips
      const { difference: found } = changed.scores.mean!;
      expect(found!.perSeed).toEqual(
        changed.scores.mean!.perSeed.map((value, i) => value! - baseline.scores.mean!.perSeed[i]!),
      );
      expect(randomStart.mean!.low).toBeLessThanOrEqual(randomStart.mean!.mean);

      // Each run is a whole run: its log has the losses that its row keeps.
      const losses = async (row: string) => Object.keys((await readLog(join(out, 'runs', row, 'seed-1')))[0]!.metrics);
      expect(await losses('baseline')).toContain('loss/classification');
      expect(await losses('no-classes')).not.toContain('loss/classification');

      const page = await readFile(join(out, 'report.html'), 'utf8');
      for (const part of [
        'Two &lt;rows&gt;',
        'Curves side by side',
        'Prediction loss',
        'over seeds',
        'random start',
        'log-mel',
        'classification.weight 0.5 -&gt; 0',
        'audio-ssl pretrain --data',
      ])
        expect(page, part).toContain(part);
      expect(page).not.toMatch(/<script|<link|@import|(src|href)="(?!data:|#)/);
      const text = await readFile(join(out, 'report.md'), 'utf8');
      expect(text).toContain('| no classes |');
      expect(text).toContain('## How to read it');

      // What is reported of a run is what it ran with, to the letter.
      const ran = await readFile(join(out, 'runs', 'no-classes', 'seed-0', 'config.yaml'), 'utf8');
      expect(ran).toMatch(/mean: -?\d/);
      expect(text).toContain(`### no classes\n\n\`\`\`yaml\n${ran}\`\`\``);
      expect(page).toContain(ran.split('\n').find((line) => line.startsWith('  mean: '))!);
      const config = join(out, 'runs', 'no-classes', 'seed-1', 'config.yaml');
      expect(changed.runs[1]!.config).toEqual(parse(await readFile(config, 'utf8')));

      // That configuration alone gives the same log.
      const again = join(folder, 'again');
      await pretrain({ data: notes, out: again, config: await loadConfig({ preset: 'demo', file: config }) });
      const values = async (run: string) => (await readLog(run)).map(({ metrics }) => metrics.loss!);
      const repeated = await values(again);
      expect(repeated).toHaveLength(6);
      // On several threads a backend may add in another order; 6 steps of rates below 1e-3 hardly spread that.
      (await values(join(out, 'runs', 'no-classes', 'seed-1'))).forEach((loss, i) =>
        expect(repeated[i]).toBeCloseTo(loss, 5),
      );
      expect(repeated).not.toEqual(await values(join(out, 'runs', 'no-classes', 'seed-0'))); // another seed shows

      const elsewhere = { backend: 'tensorflow 2', processor: '64 x a node of the cluster' };
      await writeFile(join(out, 'runs', 'baseline', 'seed-0', 'environment.json'), JSON.stringify(elsewhere));
      const last = await twoRows(out, { seeds: 2 });
      expect(last).toMatchObject({ end: 'completed', estimate: { left: { runs: 0, seconds: 0 } } });
      expect(last.results).toMatchObject({ done: 4, rows: [{}, { scores: changed.scores }] });
      expect(last.results!.environment).toEqual(elsewhere);

      await expect(twoRows(out, { seeds: 3 })).rejects.toThrow('holds another suite (seeds 0,1 -> 0,1,2)');
      await expect(twoRows(out, { seeds: 2, set: ['batchSize=8'] })).rejects.toThrow('batchSize 4 -> 8');
      await expect(twoRows(out, { seeds: 2, set: ['probe.pool=[max]'] })).rejects.toThrow(
        'probe {"pool":["mean"],"folds":3} -> {"pool":["max"],"folds":3}',
      );
    },
  );

  it('fits its steps into a budget, and says when none fit', { timeout: 600_000 }, async () => {
    const set = ['monitor={every: 10, clips: 16}'];

    const ample = join(folder, 'ample');
    const { estimate } = await twoRows(ample, { set, budget: 3600, planOnly: true });
    const { steps, seconds, available, perRow, short } = estimate!;
    expect(await read(ample, 'estimate.json')).toEqual({ steps, seconds, available, perRow });
    expect(steps).toBeGreaterThan(20);
    expect(seconds).toBeLessThanOrEqual(available!);
    expect(available).toBeLessThan(0.95 * 3600); // preparing and timing took their share
    const timing = await read<{ secondsPerStep: number; secondsPerMonitor: number }>(ample, 'timing', 'baseline.json');
    expect(timing.secondsPerMonitor).toBeGreaterThan(0);
    expect(perRow.baseline!.perStep).toBeCloseTo(timing.secondsPerStep + timing.secondsPerMonitor / 10, 9);
    expect(short).toBe(false);

    // Preparing and timing alone take longer than this.
    const out = join(folder, 'short');
    const told: SuiteEstimate[] = [];
    const { results } = await twoRows(out, { set, budget: 3, onPlan: (_, known) => void told.push(known) });
    expect(told).toMatchObject([{ short: true, steps: 20, left: { runs: 2 } }]);
    expect(told[0]!.available).toBeLessThan(0);
    expect(results).toMatchObject({ done: 2, steps: 20 });
  });

  it('lets runs save when it is stopped, and resumes them', { timeout: 600_000 }, async () => {
    const out = join(folder, 'stopped');
    const set = ['steps=200', 'checkpointEvery=1000'];
    const run = join(out, 'runs', 'baseline', 'seed-0');
    const log = join(run, 'log.jsonl');
    const steps = async (): Promise<number> =>
      existsSync(log) ? (await readFile(log, 'utf8')).split('\n').length - 1 : 0;
    const stop = new AbortController();
    const first = twoRows(out, { set, signal: stop.signal });
    let ended = false;
    void first.finally(() => (ended = true));
    while ((await steps()) < 5 && !ended) await sleep(20);
    stop.abort();
    expect(await first).toMatchObject({ end: 'stopped', results: { done: 0, total: 2 }, failed: [] });
    const saved = await readLog(run);
    expect(saved.length).toBeGreaterThanOrEqual(5);
    expect(saved.length).toBeLessThan(200);
    expect(await readdir(join(run, 'checkpoints'))).toEqual([
      `step-${String(saved.length).padStart(8, '0')}.safetensors`,
    ]);
    expect(existsSync(join(run, 'result.json'))).toBe(false);

    expect(await twoRows(out, { set })).toMatchObject({ end: 'completed', results: { done: 2, total: 2 } });
    const whole = await readLog(run);
    expect(whole.slice(0, saved.length), 'no step is done again').toEqual(saved);
    expect(whole.map(({ step }) => step)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it('has no estimate when it is stopped before everything is measured', { timeout: 60_000 }, async () => {
    const out = join(folder, 'unplanned');
    const stop = new AbortController();
    const ended = twoRows(out, { planOnly: true, signal: stop.signal });
    while (!existsSync(join(out, 'logs', 'prepare.log'))) await sleep(20);
    stop.abort();
    expect(await ended).toEqual({ end: 'stopped', plan: expect.anything() as unknown, failed: [] });
    expect(existsSync(join(out, 'spent.json'))).toBe(true);
  });

  it('names the task that failed before the runs, and its log', { timeout: 120_000 }, async () => {
    const out = join(folder, 'unprepared');
    const broken = await tinyNotes();
    await rm(join(broken, 'audio'), { recursive: true });
    await expect(twoRows(out, { data: broken, planOnly: true })).rejects.toThrow(/^prepare failed: .+\nIts log is /s);
    await rm(broken, { recursive: true });
  });

  it('leaves a folder alone that another is at work on', { timeout: 60_000 }, async () => {
    const out = join(folder, 'held');
    await mkdir(out);
    const lock = await lockFolder(out, { file: 'suite.lock', held: () => '', onTakeOver: () => undefined });
    await expect(twoRows(out, { planOnly: true })).rejects.toThrow(
      /process \d+ on .* is at work on the suite in .*held; wait for it, stop it, or give another `out`/,
    );
    expect(await readdir(out)).toEqual(['suite.lock']);
    await lock.release();
  });

  it('says what is missing', async () => {
    await expect(twoRows(join(folder, 'none'), { data: folder })).rejects.toThrow(
      'is laid out as none of esc50, nsynth; a suite is probed on labelled data: give its folder as `data`, or its `layout`',
    );
    await expect(twoRows(join(folder, 'none'), { suite: 'papers' })).rejects.toThrow(
      '`suite` papers: neither one of paper, masking, targets nor a file',
    );
  });
});
