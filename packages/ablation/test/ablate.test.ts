import { schedule, variants } from '@audio-ssl/matpac';
import { readLog } from '@audio-ssl/trainer';
import { schemeTableau10 } from 'd3-scale-chromatic';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { clock } from '../src/clock.js';
import { parseDuration } from '../src/duration.js';
import { logFile } from '../src/executor.js';
import { localExecutor, localParallelism } from '../src/local-executor.js';
import { planSuite, savePlan } from '../src/plan.js';
import { accuracy, renderMarkdown } from '../src/render-markdown.js';
import { renderSuite } from '../src/render-suite.js';
import { comparison, difference, overSeeds, suiteResults, type SuiteResults } from '../src/results.js';
import { secondsFor, stepsWithin } from '../src/schedule-runs.js';
import { arrayScript, slurmExecutor } from '../src/slurm-executor.js';
import { withSpentTime } from '../src/spent-time.js';
import { loadSuite, type SuiteRow, suites } from '../src/suites.js';
import { doTask, parseTask, readResult, taskFile, taskName, type Task } from '../src/tasks.js';
import { runCli } from '@audio-ssl/cli';
import { matpacOptions } from '@audio-ssl/experiment';
import { loadConfig } from '@audio-ssl/experiment';
import { tinyArguments, tinyModel, tinyNotes } from '@audio-ssl/testing';

let folder: string;
let notes: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ablate-'));
  process.env.AUDIO_SSL_CACHE ??= join(folder, 'cache');
  notes = await tinyNotes();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});
afterEach(() => void vi.restoreAllMocks());

const planOf = (name: string, over: { set?: string[]; file?: string } = {}) =>
  loadSuite(name).then((suite) =>
    planSuite({ suite, data: 'data', layout: 'esc50', seeds: 3, budget: 60, preset: 'demo', command: '', ...over }),
  );

describe('the suites', () => {
  it.each(Object.keys(suites))(
    '%s has rows that each change something, under names and folders of their own',
    async (name) => {
      const { rows, seeds } = await planOf(name);
      expect(rows.length).toBeGreaterThan(5);
      expect(seeds).toEqual([0, 1, 2]);
      expect(rows[0]!.changes).toEqual([]);
      for (const { changes } of rows.slice(1)) expect(changes.length).toBeGreaterThan(0);
      expect(new Set(rows.map(({ changes }) => String(changes))).size).toBe(rows.length);
      expect(new Set(rows.map(({ slug }) => slug)).size).toBe(rows.length);
      for (const { slug, config } of rows) {
        expect(slug).toMatch(/^[a-z0-9.-]+$/);
        expect(config.data.dataset).toBe('esc50');
      }
    },
  );

  it('set published figures beside that share a protocol', () => {
    // MATPAC++, Table 1, in percent: average over seven tasks, ESC-50.
    const table = { MATPAC: [75.2, 93.0], 'MATPAC++': [75.7, 93.1], M2D: [74.3, 92.1] } as const;
    const rows: readonly SuiteRow[] = suites.paper.rows;
    for (const { name, published } of rows.filter((row) => row.published?.source.includes('++'))) {
      const [average, esc50] = table[name as keyof typeof table];
      expect(published!.average, name).toBeCloseTo(average - table.MATPAC[0], 9);
      expect(published!.esc50, name).toBeCloseTo(esc50 - table.MATPAC[1], 9);
    }
    expect(rows.find(({ name }) => name === 'M2D')!.published!.source).toBe('MATPAC++, Table 1');
  });

  it('lay what a row changes above what the user sets', async () => {
    const { rows } = await planOf('paper', { set: ['classification.weight=0.7', 'batchSize=8', 'seed=5'] });
    const weights = Object.fromEntries(rows.map(({ slug, config }) => [slug, config.classification.weight]));
    expect(weights).toMatchObject({ matpac: 0.7, 'prediction-only': 0, 'classification-only': 0.5 });
    expect(rows.every(({ config }) => config.batchSize === 8)).toBe(true);
    expect(rows.find(({ slug }) => slug === 'prediction-only')!.changes).toContain('classification.weight 0.7 -> 0');
    const { config } = rows.find(({ slug }) => slug === 'matpacpp')!;
    expect(config.prediction.hypotheses?.count).toBe(5);
  });

  it('lay what a variant changes above what the user sets, too', async () => {
    const row = async (slug: string, over: { set?: string[]; file?: string }) =>
      (await planOf('paper', over)).rows.find((planned) => planned.slug === slug)!.config;
    expect((await row('m2d', { set: ['classification.weight=0.7'] })).classification.weight).toBe(0);
    expect((await row('matpacpp', { set: ['prediction.hypotheses=null'] })).prediction.hypotheses?.count).toBe(5);
    // A complete configuration names every value.
    const file = join(folder, 'complete.yaml');
    const base = await loadConfig({ preset: 'demo', set: ['optimizer.learningRate=0.002'] });
    await writeFile(file, stringify(base));
    const m2d = await row('m2d', { file });
    expect(m2d.classification.weight).toBe(0);
    expect(m2d.optimizer).toEqual({ ...variants.m2d.optimizer, learningRate: 0.002, warmup: base.optimizer.warmup });
    const plusPlus = await row('matpacpp', { file });
    expect(plusPlus.prediction.hypotheses).toEqual(variants.matpacPlusPlus.prediction.hypotheses);
    expect(plusPlus.teacher).toEqual(base.teacher);
  });

  it('lay what a row changes above what the baseline changes', async () => {
    const path = join(folder, 'changed.yaml');
    await writeFile(
      path,
      `baseline: { preset: tiny, classification: { centering: logits, weight: 0.7 } }
rows: { half: { masking: { ratio: 0.5 } }, alone: { variant: predictionOnly } }
factors: [centering]`,
    );
    const { rows } = await planOf(path);
    const changes = Object.fromEntries(rows.map((row) => [row.slug, row.changes]));
    expect(changes).toEqual({
      baseline: [],
      half: ['masking.ratio 0.7 -> 0.5'],
      alone: ['classification.weight 0.7 -> 0'],
      'centering-probabilities': ['classification.centering "logits" -> "probabilities"'],
      'centering-sinkhorn': ['classification.centering "logits" -> "sinkhorn"'],
      'centering-none': ['classification.centering "logits" -> "none"'],
    });
  });

  it('refuse a row that changes what all rows share', async () => {
    const path = join(folder, 'shared.yaml');
    const refused = async (setting: string, message: string): Promise<void> => {
      await writeFile(path, `rows: { odd: ${setting} }`);
      await expect(planOf(path), setting).rejects.toThrow(message);
    };
    await refused(
      '{ data: { mean: 0 } }',
      'suite shared, row odd: data.mean is the same for all rows; give it with --set',
    );
    await refused('{ data: { std: 1 } }', 'data.std');
    await refused('{ data: { frontEnd: m2d } }', 'data.frontEnd');
    await refused('{ data: { dataset: folder } }', 'give it with --dataset');
    await refused('{ probe: { pool: [max] } }', 'probe.pool');
    await refused('{ probe: { folds: 3 } }', 'probe.folds');
    await refused('{ seed: 3 }', 'give it with --set seed=FIRST, and their number with --seeds');
    await refused('{ steps: 9 }', '--budget, or --set steps=COUNT');
    await refused('{ minutes: 1 }', '--budget');
    await refused('{ batchSize: 8 }', 'give it with --set batchSize=VALUE');
    // Other sizes bring settings of their own with them; those that are shared stay the baseline's.
    await writeFile(path, 'rows: { smaller: { preset: tiny, data: { cropFrames: 192 } } }');
    const [baseline, smaller] = (await planOf(path, { set: ['batchSize=8'] })).rows;
    expect(smaller!.config.model.encoder.embedDim).toBe(192);
    expect(smaller!.config.steps).toBe(baseline!.config.steps);
    expect(smaller!.config.batchSize).toBe(8);
    expect(smaller!.config.probe).toEqual(baseline!.config.probe);
    expect(String(smaller!.changes)).not.toMatch(/steps \d|data\./);
  });

  it('take their time from --budget alone', async () => {
    await expect(planOf('paper', { set: ['minutes=5'] })).rejects.toThrow(/^minutes .*give --budget/);
  });

  it('say where each choice comes from', async () => {
    for (const name of Object.keys(suites))
      for (const { name: row, source } of (await planOf(name)).rows.slice(1))
        expect(source, row).toMatch(/MATPAC|arXiv|authors/);
    const path = join(folder, 'variant.yaml');
    await writeFile(path, 'rows: { no head: { variant: predictionOnly } }');
    expect((await planOf(path)).rows[1]!.source).toContain('Table I');
    await writeFile(path, 'rows: { odd: { variant: matpak } }');
    await expect(planOf(path)).rejects.toThrow(/variant.*matpac/s);
  });

  it('leave out a level that the baseline has already', async () => {
    const rows = async (set: string[]) => (await planOf('masking', { set })).rows.map(({ name }) => name);
    expect(await rows([])).toContain('mask ratio: 0.8');
    expect(await rows([])).not.toContain('mask ratio: 0.7');
    const changed = await rows(['masking.ratio=0.8']);
    expect(changed).not.toContain('mask ratio: 0.8');
    expect(changed).toContain('mask ratio: 0.7');
  });

  it('hold MATPAC’s own level where the baseline has another', async () => {
    const { rows } = await planOf('targets'); // demo takes the average after the step
    expect(rows.find(({ name }) => name === 'average order: before')?.changes).toEqual([
      'teacher.update "after" -> "before"',
    ]);
    expect(rows.some(({ name }) => name === 'average order: after')).toBe(false);
  });

  it('keep every row in a folder of its own within the suite’s', async () => {
    const names = ['random start', '.', '..', '...', 'a.', 'a'];
    const path = join(folder, 'dots.yaml');
    await writeFile(
      path,
      stringify({ rows: Object.fromEntries(names.map((name, i) => [name, { optimizer: { weightDecay: i } }])) }),
    );
    const { rows } = await planOf(path);
    expect(rows.map(({ slug }) => slug)).toEqual(['baseline', 'random-start-2', 'row', 'row-2', 'row-3', 'a', 'a-2']);
    expect(taskFile({ kind: 'start', seed: 0 })).toBe(join('runs', 'random-start', 'seed-0', 'result.json'));
  });

  it('come from files too, which say what is wrong with them', async () => {
    const file = async (text: string): Promise<string> => {
      const path = join(folder, 'my suite.yaml');
      await writeFile(path, text);
      return path;
    };
    const path = await file('rows: { half: { masking: { ratio: 0.5 } } }\nfactors: [headDepth]\n');
    const { name, rows } = await loadSuite(path);
    expect(name).toBe('my suite');
    expect(rows.map((row) => row.name)).toEqual([
      'baseline',
      'half',
      'head depth: 1',
      'head depth: 2',
      'head depth: 3',
      'head depth: 4',
    ]);
    expect((await planOf(path)).rows.map((row) => row.name)).not.toContain('head depth: 3'); // what the baseline has
    await expect(loadSuite('no-such')).rejects.toThrow('neither one of paper, masking, targets nor a file');
    await expect(loadSuite(await file('factors: [colour]'))).rejects.toThrow(/my suite\.yaml is no suite: .*factors/s);
    await expect(loadSuite(await file('title: nothing'))).rejects.toThrow('nothing to compare');
    await expect(loadSuite(await file('rows: { baseline: {} }'))).rejects.toThrow('two rows are called baseline');
    await expect(loadSuite(await file('rows: {'))).rejects.toThrow('is not YAML');
    const strange = await file('rows: { x: { optimiser: { learningRate: 1 } } }');
    await expect(planOf(strange)).rejects.toThrow(/unknown key.*optimiser|optimiser.*optimizer/s);
    const same = await file('rows: { x: { classification: { weight: 0.5 } } }');
    await expect(planOf(same)).rejects.toThrow('every row equals the baseline');
  });

  it('cool the hypotheses as over the authors’ run, whatever the length', async () => {
    const { rows } = await planOf('paper', { set: ['teacher.encoderDecay.referenceSteps=null'] });
    const config = { ...rows.find(({ slug }) => slug === 'matpacpp')!.config, steps: 1000 };
    const { hypothesisTemperature } = schedule(matpacOptions(config), 1000);
    expect(hypothesisTemperature(1000) / hypothesisTemperature(0)).toBeCloseTo(0.99997 ** 294_816, 6);
  });
});

describe('the plan', () => {
  const cost = fc.record({
    start: fc.double({ min: 0, max: 50, noNaN: true }),
    perStep: fc.double({ min: 0.01, max: 2, noNaN: true }),
  });

  it('takes the most steps with which all runs end in time', () => {
    fc.assert(
      fc.property(
        fc.array(cost, { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 1, max: 2000, noNaN: true }),
        (runs, parallel, seconds) => {
          const steps = stepsWithin(runs, seconds, { parallel, least: 20 });
          expect(steps).toBeGreaterThanOrEqual(20);
          if (steps > 20) expect(secondsFor(runs, steps, parallel)).toBeLessThanOrEqual(seconds);
          expect(secondsFor(runs, steps + 1, parallel)).toBeGreaterThan(
            Math.min(seconds, secondsFor(runs, 20, parallel)),
          );
        },
      ),
    );
  });

  it('adds runs up as workers take them', () => {
    const run = { start: 1, perStep: 0.1 };
    expect(secondsFor([run, run, run], 10, 1)).toBeCloseTo(6);
    expect(secondsFor([run, run, run], 10, 2)).toBeCloseTo(4);
    expect(secondsFor([{ start: 0, perStep: 1 }, run, run, run], 10, 2)).toBeCloseTo(10);
  });

  it('reads times', () => {
    expect(['90s', '30m', '1.5h', ' 2 m'].map(parseDuration)).toEqual([90, 1800, 5400, 120]);
    for (const text of ['30', 'm', '0m', '-1h', '3 days'])
      expect(() => parseDuration(text)).toThrow('such as 90s, 30m or 1.5h');
  });

  it('says the day on which it ends, when that is another one', () => {
    const now = new Date(2024, 7, 2, 22, 5); // a Friday
    expect(clock(3600, now)).toBe('23:05');
    expect(clock(60 * 3600, now)).toBe('Mon Aug 05, 10:05');
  });

  it('remembers the time it took, however it ends', async () => {
    const out = join(folder, 'spent');
    const noted = async () => JSON.parse(await readFile(join(out, 'spent.json'), 'utf8')).seconds as number;
    const failing = withSpentTime(out, async () => {
      await sleep(50);
      throw new Error('calibration failed');
    });
    await expect(failing).rejects.toThrow('calibration failed');
    const first = await noted();
    expect(first).toBeGreaterThan(0.04);
    // Killed: nothing but what was noted on the way is there.
    await withSpentTime(
      out,
      async (spent) => {
        expect(spent()).toBeGreaterThanOrEqual(first);
        await vi.waitFor(async () => expect(await noted()).toBeGreaterThan(first), { timeout: 10_000 });
      },
      5,
    );
  });

  it('says that a damaged result may be deleted', async () => {
    const task: Task = { kind: 'time', row: 'a' };
    await mkdir(join(folder, 'timing'), { recursive: true });
    await writeFile(join(folder, taskFile(task)), '');
    await expect(readResult(folder, task)).rejects.toThrow(
      /a\.json is not valid JSON .*; delete it, and the same command does that piece again$/,
    );
  });

  it('is taken up as the present command’s', async () => {
    const out = join(folder, 'planned');
    const plan = await planOf('paper');
    await savePlan(out, { ...plan, command: 'audio-ssl ablate --plan' });
    expect(await savePlan(out, { ...plan, command: 'audio-ssl ablate', started: 'later' })).toMatchObject({
      command: 'audio-ssl ablate',
      started: plan.started,
    });
  });

  it('names tasks so that they are read back', () => {
    const tasks: Task[] = [
      { kind: 'prepare' },
      { kind: 'time', row: 'a-b' },
      { kind: 'start', seed: 3 },
      { kind: 'run', row: 'a.5', seed: 0 },
    ];
    expect(tasks.map(taskName).map(parseTask)).toEqual(tasks);
    expect(() => parseTask('sleep')).toThrow('expected prepare, time:ROW');
  });
});

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
    expect(accuracy(overSeeds([0.99, 1, 0.95])!)).toBe('98.0 % (91.4 to 100.0)'); // 0.0662 wide on either side
    expect(accuracy(overSeeds([0, 0.05])!)).toBe('2.5 % (0.0 to 34.3)');
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
    const published = { average: -1, esc50: 2, source: '' };
    const lower = difference([bad], [good], 'mean')!;
    expect(comparison(lower, published, false)).toBe('same direction');
    expect(comparison(lower, published, true)).toBe('the opposite');
    const unclear = difference([near], [bad], 'mean')!;
    expect(comparison(unclear, published, true)).toContain('same direction');
    expect(comparison(unclear, published, false)).toContain('not seen');
  });
});

describe('the reports of an unfinished suite', () => {
  let [page, text] = ['', ''];
  beforeAll(async () => {
    const out = join(folder, 'unfinished');
    const file = join(folder, 'three.yaml');
    await writeFile(file, 'rows: { a: { masking: { ratio: 0.5 } }, b: { masking: { ratio: 0.6 } } }');
    const suite = await loadSuite(file);
    const asked = { suite, data: notes, layout: 'nsynth', seeds: 2, budget: null, preset: 'demo' } as const;
    const plan = await savePlan(out, await planSuite({ ...asked, set: ['probe.pool=[mean]'], command: '' }));
    const leave = async (task: Task, content: object): Promise<void> => {
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
    const results = await suiteResults(out, plan, { ...ran, failed });
    page = await renderSuite(out, plan, results);
    text = renderMarkdown(results).page;
  });

  it('say how many seeds a mean is over, and what the intervals are of', () => {
    expect(text).toContain('| baseline | 50.0 % (50.0 to 50.0) |');
    expect(text).toContain('| b | 75.0 %, 1 of 2 seeds | +25.0, 1 of 2 seeds | one seed |');
    for (const report of [text, page]) {
      expect(report).toContain('75.0 %, 1 of 2 seeds');
      expect(report).toContain('where the mean over many seeds lies');
      expect(report).toContain('with one seed done, where that over clips does');
      expect(report).toContain('untrained encoder; rows that change the encoder start from another');
    }
  });

  it('list what failed one by one, and say whose configuration is shown', () => {
    expect(page).toMatch(/<li>a, seed 0: &lt;no&gt; 0<\/li>\s*<li>a, seed 1: &lt;no&gt; 1<\/li>/);
    expect(page).toContain('that of the run with seed 0; the others differ in <code>seed</code> alone');
  });

  it('draw a row in its own colour, whichever others are done', () => {
    const [ofA, ofB] = schemeTableau10 as readonly string[];
    expect(page).not.toContain(ofA);
    expect(page.split(`fill="${ofB}"`)).toHaveLength(3); // its one seed and its mean
  });
});

const ablateArguments = (suite: string, out: string, ...more: string[]): string[] => [
  'ablate',
  ...['--suite', suite, '--data', notes, '--preset', 'demo', '--out', out, '--parallel', '2'],
  ...tinyArguments,
  ...['--set', 'probe.folds=3', '--set', 'probe.pool=[mean]'],
  ...more,
];

async function twoRows(): Promise<string> {
  const path = join(folder, 'two.yaml');
  await writeFile(path, 'title: Two <rows>\nrows: { no classes: { classification: { weight: 0 } } }\n');
  return path;
}

describe('audio-ssl ablate', () => {
  it(
    'runs a suite in processes of its own, lists what failed, and does on a second call what is left',
    { timeout: 600_000 },
    async () => {
      let said = '';
      const listen = (...words: unknown[]): void => void (said += `${words.join(' ')}\n`);
      vi.spyOn(console, 'log').mockImplementation(listen);
      vi.spyOn(console, 'error').mockImplementation(listen);
      vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
      const out = join(folder, 'whole');
      const suite = await twoRows();

      expect(await runCli(ablateArguments(suite, out, '--seeds', '2', '--plan')), said).toBe(0);
      expect(said).toContain('plan: 2 rows x 2 seeds, each 6 steps');
      expect(said).toContain('classification.weight 0.5 -> 0');
      expect(existsSync(join(out, 'runs', 'no-classes'))).toBe(false);

      // A file where a run's folder has to be: that run fails, the others do not.
      await mkdir(join(out, 'runs', 'no-classes'), { recursive: true });
      await writeFile(join(out, 'runs', 'no-classes', 'seed-1'), '');
      expect(await runCli(ablateArguments(suite, out, '--seeds', '2'))).toBe(1);
      expect(said).toContain('failed: run:no-classes:1');
      const results = async (): Promise<SuiteResults> =>
        JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as SuiteResults;
      const first = await results();
      expect(first).toMatchObject({ done: 3, total: 4, clips: 18, classes: 3, steps: 6, seeds: [0, 1] });
      expect(first.rows[1]!.runs[1]).toMatchObject({ done: false });
      expect(first.rows[1]!.runs[1]!.failed).toBeTruthy();
      expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('Failed:');

      await rm(join(out, 'runs', 'no-classes', 'seed-1'));
      const before = await stat(join(out, 'runs', 'baseline', 'seed-0', 'result.json'));
      expect(await runCli(ablateArguments(suite, out, '--seeds', '2')), said).toBe(0);
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
      expect(changed.runs[1]!.config).toEqual(
        parse(await readFile(join(out, 'runs', 'no-classes', 'seed-1', 'config.yaml'), 'utf8')),
      );

      // The command of one run alone gives the same log.
      const config = join(out, 'runs', 'no-classes', 'seed-1', 'config.yaml');
      const again = join(folder, 'again');
      expect(await runCli(['pretrain', '--data', notes, '--config', config, '--out', again]), said).toBe(0);
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
      expect(await runCli(ablateArguments(suite, out, '--seeds', '2')), said).toBe(0);
      expect(said).toContain('all runs are done');
      const last = await results();
      expect(last).toMatchObject({ done: 4, rows: [{}, { scores: changed.scores }] });
      expect(last.environment).toEqual(elsewhere);

      expect(await runCli(ablateArguments(suite, out, '--seeds', '3'))).toBe(1);
      expect(said).toContain('holds another suite (seeds 0,1 -> 0,1,2)');
      expect(await runCli(ablateArguments(suite, out, '--seeds', '2', '--set', 'batchSize=8'))).toBe(1);
      expect(said).toContain('batchSize 4 -> 8');
      expect(await runCli(ablateArguments(suite, out, '--seeds', '2', '--set', 'probe.pool=[max]'))).toBe(1);
      expect(said).toContain('probe {"pool":["mean"],"folds":3} -> {"pool":["max"],"folds":3}');
    },
  );

  it('fits its steps into a budget, and says when none fit', { timeout: 600_000 }, async () => {
    let said = '';
    vi.spyOn(console, 'log').mockImplementation((words) => void (said += `${words}\n`));
    vi.spyOn(console, 'error').mockImplementation((words) => void (said += `${words}\n`));
    vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    const suite = await twoRows();
    const estimateOf = async (out: string) => JSON.parse(await readFile(join(out, 'estimate.json'), 'utf8'));
    const looks = ['--set', 'monitor={every: 10, clips: 16}'];

    const ample = join(folder, 'ample');
    expect(
      await runCli(ablateArguments(suite, ample, '--seeds', '1', '--budget', '1h', '--plan', ...looks)),
      said,
    ).toBe(0);
    const { steps, seconds, available, perRow } = await estimateOf(ample);
    expect(steps).toBeGreaterThan(20);
    expect(seconds).toBeLessThanOrEqual(available);
    expect(available).toBeLessThan(0.95 * 3600); // preparing and timing took their share
    const { secondsPerStep, secondsPerLook } = JSON.parse(
      await readFile(join(ample, 'timing', 'baseline.json'), 'utf8'),
    );
    expect(secondsPerLook).toBeGreaterThan(0);
    expect(perRow.baseline.perStep).toBeCloseTo(secondsPerStep + secondsPerLook / 10, 9);
    expect(said).not.toContain('too short');

    // Preparing and timing alone take longer than this.
    const short = join(folder, 'short');
    expect(await runCli(ablateArguments(suite, short, '--seeds', '1', '--budget', '3s', ...looks)), said).toBe(0);
    expect((await estimateOf(short)).available).toBeLessThan(0);
    expect(said).toContain(
      'The budget of 3.0 s, of which 0.0 s are left for the runs, is too short even for 20 steps a run',
    );
    expect(JSON.parse(await readFile(join(short, 'results.json'), 'utf8'))).toMatchObject({ done: 2, steps: 20 });
  });

  it('stops at Ctrl-C with what runs saved, and goes on', { timeout: 600_000 }, async () => {
    const out = join(folder, 'stopped');
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const suite = await twoRows();
    const start = () => {
      const args = ablateArguments(suite, out, '--seeds', '1', '--set', 'steps=200', '--set', 'checkpointEvery=1000');
      const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@audio-ssl/source', main, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      child.stdout.on('data', (text) => void (said += text));
      child.stderr.on('data', (text) => void (said += text));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      return { child, ended, said: () => said };
    };
    const first = start();
    const run = join(out, 'runs', 'baseline', 'seed-0');
    const log = join(run, 'log.jsonl');
    const steps = async (): Promise<number> =>
      existsSync(log) ? (await readFile(log, 'utf8')).split('\n').length - 1 : 0;
    while ((await steps()) < 5 && first.child.exitCode === null) await sleep(20);
    first.child.kill('SIGINT');
    expect(await first.ended, first.said()).toBe(130);
    expect(first.said()).toContain('the same command goes on');
    const saved = await readLog(run);
    expect(saved.length).toBeGreaterThanOrEqual(5);
    expect(saved.length).toBeLessThan(200);
    expect(await readdir(join(run, 'checkpoints'))).toEqual([
      `step-${String(saved.length).padStart(8, '0')}.safetensors`,
    ]);
    expect(existsSync(join(run, 'result.json'))).toBe(false);

    const second = start();
    expect(await second.ended, second.said()).toBe(0);
    const whole = await readLog(run);
    expect(whole.slice(0, saved.length), 'no step is done again').toEqual(saved);
    expect(whole.map(({ step }) => step)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(JSON.parse(await readFile(join(out, 'results.json'), 'utf8'))).toMatchObject({ done: 2, total: 2 });
  });

  it('exits as stopped when it is stopped before its plan is shown', { timeout: 60_000 }, async () => {
    let said = '';
    vi.spyOn(console, 'log').mockImplementation((words) => void (said += `${words}\n`));
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    const out = join(folder, 'unplanned');
    const ended = runCli(ablateArguments(await twoRows(), out, '--plan'));
    await vi.waitFor(() => expect(existsSync(join(out, 'logs', 'prepare.log'))).toBe(true), { timeout: 30_000 });
    process.emit('SIGINT');
    expect(await ended).toBe(130);
    expect(said).toBe('stopped before the plan was made; the same command goes on from there\n');
    expect(existsSync(join(out, 'spent.json'))).toBe(true);
  });

  it('says what is missing', async () => {
    let said = '';
    vi.spyOn(console, 'error').mockImplementation((words) => void (said += `${words}\n`));
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += text), true));
    expect(await runCli(['ablate', '--suite', 'paper', '--data', folder])).toBe(1);
    expect(said).toContain('neither meta/esc50.csv nor examples.json');
    expect(await runCli(['ablate', '--suite', 'paper', '--data', notes, '--budget', 'soon'])).toBe(2);
    expect(said).toContain('--budget soon: expected a time');
    expect(await runCli(['ablate', '--suite', 'paper', '--data', notes, '--seeds', '0'])).toBe(2);
    expect(said).toContain('expected a whole number of 1 or more');
  });
});

describe('a local task', () => {
  const task: Task = { kind: 'prepare' };

  /** Runs a task of which nothing is left but what `code` does at its start. */
  const reasonOf = async (code: string): Promise<string | undefined> => {
    const out = await mkdtemp(join(folder, 'local-'));
    await mkdir(join(out, 'logs'));
    await writeFile(join(out, logFile(task)), 'audio-ssl: words of an earlier attempt\n');
    vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(code)}`);
    return (await localExecutor(out, 1).run([task], new AbortController().signal))[0]?.reason;
  };
  afterEach(() => void vi.unstubAllEnvs());

  it('fails with its own last words, or with how it ended', async () => {
    expect(await reasonOf('console.error("audio-ssl: no such data\\nbye"); process.exit(1)')).toBe('no such data');
    expect(await reasonOf('console.error("odd"); process.exit(7)')).toBe('exit code 7');
    expect(await reasonOf('process.kill(process.pid, "SIGKILL")')).toBe('killed by SIGKILL (out of memory?)');
  });

  it('has its share of a container’s memory', () => {
    const limit = vi.spyOn(process, 'constrainedMemory');
    const within = (bytes: number | undefined) => (limit.mockReturnValue(bytes as number), localParallelism());
    expect(within(3 * 2 ** 30)).toBe(1);
    expect(within(1)).toBe(1);
    for (const unlimited of [0, undefined, 2 ** 64]) expect(within(unlimited)).toBe(within(totalmem()));
  });

  it('is timed on the clips that its run will have', async () => {
    const out = join(folder, 'short clips');
    const suite = await loadSuite(await twoRows());
    const set = [...tinyModel, 'data.cropFrames=48', 'data.shortClips=drop']; // of 38 to 40 frames
    const asked = {
      suite,
      data: notes,
      layout: 'nsynth',
      seeds: 1,
      budget: null,
      preset: 'demo',
      command: '',
    } as const;
    await savePlan(out, await planSuite({ ...asked, set }));
    await writeFile(join(out, taskFile(task)), JSON.stringify({ standardization: { mean: 0, std: 1 } }));
    const doing = doTask(out, { kind: 'time', row: 'baseline' }, { backend: '', signal: new AbortController().signal });
    await expect(doing).rejects.toThrow(/too short: .*data\.shortClips=pad/);
  });
});

describe('waiting for an array job', () => {
  const path = process.env.PATH;
  afterEach(() => void (process.env.PATH = path));

  /** Stands in for Slurm: `squeue` does what is told, and what is cancelled is written down. */
  const slurmOf = async (squeue: string) => {
    const bin = await mkdtemp(join(folder, 'bin-'));
    const script = (name: string, lines: string) =>
      writeFile(join(bin, name), `#!/bin/sh\ncd ${bin}\n${lines}\n`, { mode: 0o755 });
    await script('sbatch', 'echo 7');
    await script('scancel', 'echo "$@" >> cancelled');
    await script('squeue', `echo >> asked\n${squeue}`);
    process.env.PATH = `${bin}:${path}`;
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const lines = async (name: string) =>
      (await readFile(join(bin, name), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const out = join(bin, 'out');
    const run = (signal = new AbortController().signal) =>
      slurmExecutor(out, { parallel: 1, cores: 1, sbatch: [], poll: 1 }).run([{ kind: 'prepare' }], signal);
    return { run, lines, script, out };
  };
  const down = 'echo "Unable to contact slurm controller" >&2; exit 1';

  it('outlives a controller that does not answer for a while', async () => {
    const { run, lines, out } = await slurmOf(`[ $(wc -l < asked) -ge 4 ] || { ${down}; }`);
    await mkdir(join(out, 'logs'), { recursive: true });
    await writeFile(join(out, 'logs', 'prepare.log'), 'audio-ssl: words of an earlier attempt\n');
    // It has ended, and left nothing.
    expect(await run()).toEqual([{ task: { kind: 'prepare' }, reason: 'it left no log' }]);
    expect(await lines('asked')).toHaveLength(4);
    expect(await lines('cancelled')).toEqual([]);
  });

  it('cancels the array when the controller is gone for good', async () => {
    const { run, lines } = await slurmOf(down);
    await expect(run()).rejects.toThrow('squeue failed: Unable to contact slurm controller');
    expect(await lines('asked')).toHaveLength(6);
    expect(await lines('cancelled')).toEqual(['7']);
  });

  it('cancels the array when it was stopped while it was submitted', async () => {
    const { run, lines, script } = await slurmOf('[ -f cancelled ] || echo 7 RUNNING');
    await script('sbatch', 'sleep 0.5; echo 7');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    expect(await run(stop.signal)).toEqual([]);
    expect(await lines('cancelled')).toEqual(['7']);
  });
});

describe('the script of an array job', () => {
  it('picks each job’s task, whatever the folder is called', () => {
    const tasks: Task[] = [
      { kind: 'time', row: 'a' },
      { kind: 'run', row: 'a', seed: 2 },
    ];
    const script = arrayScript("/data/it's here", tasks, { parallel: 8, cores: 4 });
    expect(script).toContain('#SBATCH --array=0-1%8');
    expect(script).toContain('#SBATCH --cpus-per-task=4');
    expect(script).toContain('tasks=(time:a run:a:2)');
    expect(script).toContain(String.raw`'/data/it'\''s here/logs/run.a.2.log'`);
  });
});
