import { loadConfig, matpacOptions } from '@audio-ssl/experiment';
import { schedule, variants } from '@audio-ssl/matpac';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { planSuite, savePlan } from '../src/plan.js';
import { loadSuite, type SuiteRow, suites } from '../src/suites.js';
import { taskFile } from '../src/tasks.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'suites-'))));
afterAll(() => rm(folder, { recursive: true }));

const planOf = (name: string, over: { set?: string[]; file?: string } = {}) =>
  loadSuite(name).then((suite) =>
    planSuite({ suite, data: 'data', layout: 'esc50', seeds: 3, budget: 60, preset: 'demo', ...over }),
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
      'suite shared, row odd: data.mean is the same for all rows; give it with `set`',
    );
    await refused('{ data: { std: 1 } }', 'data.std');
    await refused('{ data: { frontEnd: m2d } }', 'data.frontEnd');
    await refused('{ data: { dataset: folder } }', 'give it with `layout`');
    await refused('{ probe: { pool: [max] } }', 'probe.pool');
    await refused('{ probe: { folds: 3 } }', 'probe.folds');
    await refused('{ seed: 3 }', 'give it with `set` seed=FIRST, and their number with `seeds`');
    await refused('{ steps: 9 }', '`budget`, or `set` steps=COUNT');
    await refused('{ minutes: 1 }', '`budget`');
    await refused('{ batchSize: 8 }', 'give it with `set` batchSize=VALUE');
    // Other sizes bring settings of their own with them; those that are shared stay the baseline's.
    await writeFile(path, 'rows: { smaller: { preset: tiny, data: { cropFrames: 192 } } }');
    const [baseline, smaller] = (await planOf(path, { set: ['batchSize=8'] })).rows;
    expect(smaller!.config.model.encoder.embedDim).toBe(192);
    expect(smaller!.config.steps).toBe(baseline!.config.steps);
    expect(smaller!.config.batchSize).toBe(8);
    expect(smaller!.config.probe).toEqual(baseline!.config.probe);
    expect(String(smaller!.changes)).not.toMatch(/steps \d|data\./);
  });

  it('take their time from the budget alone', async () => {
    await expect(planOf('paper', { set: ['minutes=5'] })).rejects.toThrow(/^minutes .*give `budget`/);
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
    await expect(loadSuite(await file('factors: [maskRatoi, centering]'))).rejects.toThrow(
      /my suite\.yaml is not a suite: factors: .*; did you mean "maskRatio"\?$/,
    );
    await expect(loadSuite(await file('factor: [centering]'))).rejects.toThrow(/did you mean "factors"\?$/);
    await expect(loadSuite(await file('factors: [colour]'))).rejects.toThrow(
      /my suite\.yaml is not a suite: .*factors/s,
    );
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

describe('a saved plan', () => {
  it('is continued under the present command', async () => {
    const out = join(folder, 'planned');
    const plan = await planOf('paper');
    await savePlan(out, { ...plan, command: 'audio-ssl ablate --plan' });
    expect(await savePlan(out, { ...plan, command: 'audio-ssl ablate', started: 'later' })).toMatchObject({
      command: 'audio-ssl ablate',
      started: plan.started,
    });
  });

  it('is not mixed with another one', async () => {
    const out = join(folder, 'other');
    const plan = await planOf('paper');
    await savePlan(out, plan);
    const changed = async (over: Partial<typeof plan>, set?: string[]) =>
      savePlan(out, { ...(set ? await planOf('paper', { set }) : plan), ...over });
    await expect(changed({ seeds: [0, 1] })).rejects.toThrow(
      'holds another suite (seeds 0,1,2 -> 0,1); give another `out`',
    );
    await expect(changed({ budget: null })).rejects.toThrow('budget 60 s -> null s');
    await expect(changed({ data: '/elsewhere' })).rejects.toThrow(/data .*data -> \/elsewhere/);
    await expect(changed({}, ['batchSize=8'])).rejects.toThrow(/MATPAC: batchSize \d+ -> 8/);
    await expect(changed({}, ['probe.pool=[max]', 'probe.folds=3'])).rejects.toThrow(
      /probe \{.*\} -> \{"pool":\["max"\],"folds":3\}/,
    );
  });

  it('is of labelled data, with one seed or more', async () => {
    const suite = await loadSuite('paper');
    const options = { suite, data: 'data', layout: 'esc50', seeds: 1, preset: 'demo' } as const;
    await expect(planSuite({ ...options, layout: 'folder' })).rejects.toThrow('`layout` folder has no labels');
    await expect(planSuite({ ...options, seeds: 0 })).rejects.toThrow('`seeds`: expected a whole number of 1 or more');
    expect(await planSuite(options)).toMatchObject({ budget: null, seeds: [0] });
  });
});
