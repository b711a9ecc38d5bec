import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { SuiteReport } from '@audio-ssl/report';
import { planSuite, savePlan } from '../src/plan.js';
import { difference, overSeeds, suiteReport, suiteResults } from '../src/results.js';
import { loadSuite } from '../src/suites.js';
import { type SuiteTask, taskFile } from '../src/tasks.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'results-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('the statistics', () => {
  it('have Student’s interval over seeds', () => {
    // t(0.975, 2) = 4.302653 (tables); values 1, 2, 6: mean 3, s = sqrt(7).
    const { mean, low, high } = overSeeds([0.01, 0.02, 0.06])!;
    const half = (4.302653 * Math.sqrt(7)) / Math.sqrt(3) / 100;
    expect(mean).toBeCloseTo(0.03, 12);
    expect(low).toBeCloseTo(0.03 - half, 7);
    expect(high).toBeCloseTo(0.03 + half, 7);
    expect(overSeeds([0.5])).toEqual({ mean: 0.5, low: null, high: null });
    expect(overSeeds([])).toBeNull();
  });

  const run = (...right: number[]) => ({
    accuracy: { mean: right.reduce((a, b) => a + b, 0) / right.length },
    correct: { mean: right },
  });

  it('pair seeds, and leave out those that only one side has', () => {
    const rows = [run(1, 1, 1, 1), undefined, run(1, 1, 1, 0)];
    const base = [run(1, 0, 0, 1), run(0, 0, 0, 0), run(1, 0, 0, 0)];
    const found = difference(rows, base, 'mean')!;
    expect(found.perSeed).toEqual([0.5, 0.5]);
    expect(found).toMatchObject({ mean: 0.5, low: 0.5, high: 0.5, verdict: 'no clear difference' }); // of four clips
    // Clips 1 and 2 differ in both seeds, 0 and 3 in none: a resample of four draws 0 to 4 of the differing ones.
    expect(found.clips.mean).toBe(0.5);
    expect(found.clips.low).toBeLessThanOrEqual(0.25);
    expect(found.clips.high).toBe(1);
    expect(difference([undefined], [run(1)], 'mean')).toBeNull();
  });

  it('need both intervals: seeds that agree by chance prove nothing', () => {
    const right = (count: number) => run(...Array.from({ length: 100 }, (_, clip) => (clip < count ? 1 : 0)));
    const [one, two] = [difference([right(41), right(41)], [right(40), right(40)], 'mean')!, overSeeds([0.01, 0.01])!];
    expect(two.low).toBeCloseTo(two.high!, 12);
    expect(one.low).toBeGreaterThan(0);
    expect(one.clips.low).toBe(0);
    expect(one.verdict).toBe('no clear difference');
  });

  it('take the interval over clips with one seed, and say which way it goes', () => {
    const many = (right: number, of: number): number[] => Array.from({ length: of }, (_, i) => (i < right ? 1 : 0));
    const [good, bad, near] = [run(...many(90, 100)), run(...many(40, 100)), run(...many(41, 100))];
    expect(difference([bad], [good], 'mean')).toMatchObject({ low: null, verdict: 'lower' });
    expect(difference([near], [bad], 'mean')).toMatchObject({ verdict: 'no clear difference' });
    expect(difference([near], [bad], 'mean')!.mean).toBeCloseTo(0.01, 12);
  });
});

describe('the results of an unfinished suite', () => {
  let results: SuiteReport;
  beforeAll(async () => {
    const out = join(folder, 'unfinished');
    const file = join(folder, 'three.yaml');
    await writeFile(file, 'rows: { a: { masking: { ratio: 0.5 } }, b: { masking: { ratio: 0.6 } } }');
    const suite = await loadSuite(file);
    const asked = { suite, data: 'notes', layout: 'nsynth', seeds: 2, preset: 'demo' } as const;
    const plan = await savePlan(out, await planSuite({ ...asked, set: ['probe.pool=[mean]'] }));
    const leave = async (task: SuiteTask, content: object): Promise<void> => {
      await mkdir(dirname(join(out, taskFile(task))), { recursive: true });
      await writeFile(join(out, taskFile(task)), JSON.stringify(content));
    };
    const told = { dataset: 'notes', esc50: false, clips: 4, classes: 2, chance: 0.5, folds: '2 folds', logMel: 0.5 };
    await leave({ kind: 'prepare' }, { ...told, standardization: { mean: 0, std: 1 } });
    const result = (...correct: number[]): object => ({
      accuracy: { mean: correct.reduce((a, b) => a + b, 0) / correct.length },
      correct: { mean: correct },
      probeSeconds: 1,
      trainingSeconds: 1,
    });
    for (const seed of [0, 1]) await leave({ kind: 'run', row: 'baseline', seed }, result(1, 0, 0, 1));
    await leave({ kind: 'run', row: 'b', seed: 1 }, result(1, 1, 0, 1));
    const failed = new Map([0, 1].map((seed) => [taskFile({ kind: 'run', row: 'a', seed }), `<no> ${seed}`]));
    const ran = { steps: 9, executor: '', secondsSpent: 1, environment: {} };
    results = await suiteReport(out, await suiteResults(out, plan, { ...ran, failed }));
  });

  it('have what is done, and say what is not and why', () => {
    expect(results).toMatchObject({ done: 3, total: 6, seeds: [0, 1], poolings: ['mean'], clips: 4 });
    const [baseline, a, b] = results.rows;
    expect(baseline!.scores.mean).toEqual({
      perSeed: [0.5, 0.5],
      accuracy: { mean: 0.5, low: 0.5, high: 0.5 },
      difference: null,
    });
    expect(a!.scores.mean).toEqual({ perSeed: [null, null], accuracy: null, difference: null });
    expect(a!.runs.map(({ done, failed }) => [done, failed])).toEqual([
      [false, '<no> 0'],
      [false, '<no> 1'],
    ]);
    expect(b!.scores.mean).toMatchObject({
      perSeed: [null, 0.75],
      accuracy: { mean: 0.75, low: null, high: null },
      difference: { mean: 0.25, low: null, perSeed: [0.25] },
    });
    expect(b!.changes).toEqual(['masking.ratio 0.7 -> 0.6']);
    expect(results.randomStart).toEqual({ mean: null });
  });

  it('have the configuration of each row’s first run as it ran, and no curve where nothing was logged', () => {
    for (const { slug, runs } of results.rows) expect(parse(results.configs[slug]!)).toEqual(runs[0]!.config);
    expect(results.rows[0]!.runs[1]!.config).toMatchObject({ seed: 1, steps: 9, data: { mean: 0, std: 1 } });
    expect(results.curves).toEqual({ baseline: [], a: [], b: [] });
  });
});
