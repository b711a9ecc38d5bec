import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import { readLog, runFiles, writeJson } from '@audio-ssl/trainer';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListedRun, listRuns, loadConfig, pretrain, type PretrainOptions, writeReport } from '../src/index.js';
import { liveReport } from '../src/pretrain/live-report.js';

let folder: string;
let notes: string;
let whole: string; // a run of six steps
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runs-'));
  notes = await tinyNotes();
  whole = join(folder, 'whole');
  await train(whole);
}, 120_000);
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

type Given = Partial<PretrainOptions> & { readonly set?: readonly string[] };

const train = async (out: string, { set = [], ...options }: Given = {}) => {
  const config = await loadConfig({ preset: 'demo', set: [...tinyModel, 'data.dataset=nsynth', ...set] });
  return await pretrain({ data: notes, out, config, ...options });
};
const page = async (run: string): Promise<string> =>
  (await readFile(join(run, runFiles.report), 'utf8'))
    .replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, '')
    .replace(/\s+/g, ' ');
const probed = (value: number, gain: number, pooling: string) => ({
  ...{ dataset: 'notes', target: 'family', pooling, folds: '3 folds', clips: 18, chance: 1 / 3, seconds: 1 },
  pretrained: { value, low: value, high: value },
  randomStart: { value: value - gain, low: value, high: value },
  gain: { value: gain, low: gain, high: gain },
  classes: ['a', 'b'],
  confusion: [
    [1, 0],
    [0, 1],
  ],
});

describe('the report of a run', () => {
  it('is written anew at each look of the monitor', { timeout: 120_000 }, async () => {
    const run = join(folder, 'watched');
    const seen: string[] = [];
    const stop = new AbortController();
    const reporter: PretrainOptions['reporter'] = {
      progress: ({ stage, done }) => {
        if (stage === 'pretrain' && done === 5) stop.abort();
      },
    };
    const watch = setInterval(() => {
      void page(run).then(
        (text) => seen.push(text),
        () => undefined,
      );
    }, 5);
    await train(run, { reporter, signal: stop.signal, set: ['steps=1000', 'monitor.every=2', 'monitor.clips=8'] });
    clearInterval(watch);
    expect(seen[0]).toMatch(/Not finished: step [2-5] of 1000\./);
    expect(seen[0]).toContain('18 clips');
    expect(await page(run)).toContain('Not finished: step 5 of 1000.');
  });

  it('can be asked for of a run that was ended by force, and of a finished one', async () => {
    const run = join(folder, 'killed');
    await cp(whole, run, { recursive: true });
    for (const file of [runFiles.summary, runFiles.report, runFiles.environment, runFiles.weights])
      await rm(join(run, file));
    const log = join(run, runFiles.log);
    const lines = (await readFile(log, 'utf8')).split('\n');
    await writeFile(log, `${lines.slice(0, 4).join('\n')}\n${lines[4]!.slice(0, 30)}`); // while it wrote
    await writeReport(run);
    expect(await page(run)).toContain('Not finished: step 4 of 6.');
    expect(await page(run)).not.toMatch(/NaN|undefined/);
    await writeReport(whole);
    expect(await page(whole)).not.toContain('Not finished');
  });

  it('does not end a run that it cannot be written of', async () => {
    const warnings: string[] = [];
    const report = liveReport(join(folder, 'nowhere'), (message) => void warnings.push(message));
    report.refresh();
    await report.settled();
    report.refresh();
    await report.settled();
    expect(warnings).toEqual([expect.stringMatching(/^the report could not be written: .*config\.json is missing/)]);
  });
});

describe('listRuns', () => {
  const all = join(tmpdir(), `listed-${process.pid}`);
  const at = (name: string): string => join(all, name);
  const copy = async (name: string): Promise<string> => {
    await cp(whole, at(name), { recursive: true });
    return at(name);
  };
  const byName = async (): Promise<Map<string, ListedRun>> =>
    new Map((await listRuns(all)).map((listed) => [listed.run, listed]));
  afterAll(() => rm(all, { recursive: true, force: true }));

  it(
    'tells state, step, best probe and size, and goes past what is damaged or no run',
    { timeout: 120_000 },
    async () => {
      const done = await copy('done');
      await writeJson(join(done, runFiles.probes), [probed(0.5, 0.2, 'time mean'), probed(0.7, -0.1, 'max')]);
      const stopped = await copy('stopped');
      await cp(join(folder, 'killed'), stopped, { recursive: true, force: true });
      await rm(join(stopped, runFiles.summary));
      const dead = { pid: 2 ** 30, started: null, host: hostname() };
      await writeFile(join(stopped, runFiles.lock), JSON.stringify(dead)); // of a process that was killed
      const suite = await copy(join('suite', 'runs', 'matpac', 'seed-0'));
      await writeJson(join(suite, 'result.json'), { accuracy: { mean: 0.4, max: 0.45 } });
      await writeFile(join(await copy('no-json'), runFiles.config), '{');
      await writeFile(join(await copy('no-steps'), runFiles.config), '{"measured": {}}');
      const rotten = await copy('rotten');
      await rm(join(rotten, runFiles.summary));
      for (const name of await readdir(join(rotten, runFiles.checkpoints)))
        await writeFile(join(rotten, runFiles.checkpoints, name), 'x');
      await mkdir(at('model'));
      await writeFile(at(join('model', 'config.json')), '{"hidden_size": 768}');
      await mkdir(at('empty'));
      await symlink('..', at('loop'));
      await symlink('nothing', at('nothing'));
      const closed = await copy('closed');
      await chmod(closed, 0);

      const found = await byName();
      expect([...found.keys()].sort()).toEqual(
        [
          ...(process.getuid?.() === 0 ? ['closed'] : []), // root reads it
          ...['done', 'no-json', 'no-steps', 'rotten', 'stopped', join('suite', 'runs', 'matpac', 'seed-0')],
        ].sort(),
      );
      await chmod(closed, 0o755);
      expect(found.get('done')).toMatchObject({
        ...{ state: 'completed', step: 6, steps: 6, preset: 'demo', variant: 'matpac' },
        best: { accuracy: 0.7, gain: -0.1, pooling: 'max', dataset: 'notes' },
      });
      expect(found.get('done')!.bytes).toBeGreaterThan(10_000);
      expect(Date.parse(found.get('done')!.started!)).toBeLessThanOrEqual(Date.now());
      expect(found.get('stopped')).toMatchObject({ state: 'stopped', step: 4, steps: 6 });
      expect(found.get(join('suite', 'runs', 'matpac', 'seed-0'))).toMatchObject({
        best: { accuracy: 0.45, pooling: 'max' },
      });
      expect(found.get('no-json')).toMatchObject({ state: 'damaged', why: expect.stringContaining('not valid JSON') });
      expect(found.get('no-steps')).toMatchObject({
        state: 'damaged',
        why: expect.stringContaining('expected measured'),
      });
      expect(found.get('rotten')).toMatchObject({ state: 'damaged', why: expect.stringContaining('checkpoints') });
    },
  );

  it(
    'tells a run that is under way by its lock, and one that failed from one that was stopped',
    { timeout: 120_000 },
    async () => {
      const run = at('living');
      let seen: ListedRun | undefined;
      const stop = new AbortController();
      const look = async (): Promise<void> => {
        [seen] = await listRuns(run);
        stop.abort();
      };
      const reporter: PretrainOptions['reporter'] = {
        progress: ({ stage, done }) => void (stage === 'pretrain' && done === 3 && look()),
      };
      await train(run, { reporter, signal: stop.signal, set: ['steps=1000'] });
      expect(seen).toMatchObject({ run: '.', state: 'running', steps: 1000 });
      const { length } = await readLog(run);
      expect((await listRuns(run))[0]).toMatchObject({ state: 'stopped', step: length });

      const diverged = at('diverged');
      await expect(train(diverged, { set: ['data.mean=0', 'data.std=1e-44'] })).rejects.toThrow(/NaN/);
      expect((await listRuns(diverged))[0]).toMatchObject({ state: 'failed', why: expect.stringContaining('NaN') });
      await train(diverged);
      expect((await listRuns(diverged))[0]).toMatchObject({ state: 'completed' });
    },
  );

  it('names the folder that cannot be read', async () => {
    await expect(listRuns(at('nowhere'))).rejects.toThrow(/`folder` .*nowhere cannot be read/);
  });
});
