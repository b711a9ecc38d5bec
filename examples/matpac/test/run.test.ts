import { loadConfig } from '@audio-ssl/experiment';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'matpac-'))));
afterAll(() => rm(folder, { recursive: true }));

const script = fileURLToPath(new URL('../src/run.ts', import.meta.url));

/** The main job as `npm run matpac -- ...` starts it. */
function matpac(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@audio-ssl/source', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += text));
  child.stderr.on('data', (text) => (said.err += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
}

// A model that trains in milliseconds: what is looked at is the job, not what it learns.
const small = [
  'steps=5',
  'batchSize=4',
  'probe.pool=[mean]',
  'probe.folds=2',
  'model.encoder={embedDim: 16, depth: 1, numHeads: 2}',
  'model.predictor={embedDim: 16, depth: 1, numHeads: 2}',
  'model.head={hiddenDim: 16, bottleneckDim: 8, pseudoClasses: 16}',
].flatMap((assignment) => ['--set', assignment]);

describe('npm run matpac', () => {
  it(
    'trains on the shipped notes, probes, and leaves weights, a summary and a report',
    { timeout: 600_000 },
    async () => {
      const run = join(folder, 'run');
      const first = await matpac('--out', run, ...small);
      expect(first.code, first.err).toBe(0);
      expect(first.out).toMatch(/instrument notes, .*, time mean, 2 folds by instrument/);
      for (const features of ['random start', 'log-mel statistics', 'pretrained']) {
        expect(first.out).toMatch(new RegExp(`${features} +[\\d.]+ % +\\(95 % interval [\\d.]+ % to [\\d.]+ %\\)`));
      }
      expect(first.out).toMatch(/gain +-?[\d.]+ points/);
      expect(first.out).toMatch(/5 steps of 4 clips on (tensorflow|wasm|cpu) .* of set-up/);

      const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(run, name), 'utf8'));
      expect(await read('summary.json')).toMatchObject({
        completed: true,
        step: 5,
        steps: 5,
        dataset: { name: 'instrument notes', kept: 660, skipped: [] },
      });
      const [probe] = (await read('report/probes.json')) as {
        clips: number;
        classes: string[];
        confusion: number[][];
      }[];
      expect(probe?.clips).toBe(660);
      expect(probe?.classes).toHaveLength(11);
      expect(probe?.confusion.flat().reduce((a, b) => a + b)).toBe(660);

      const weights = await readFile(join(run, 'weights.safetensors'));
      const header = JSON.parse(weights.toString('utf8', 8, 8 + Number(weights.readBigUInt64LE())));
      expect(header.__metadata__).toMatchObject({ preset: 'demo', variant: 'matpac', step: '5' });
      expect(header['cls_token'].shape.at(-1)).toBe(16);

      const report = await readFile(join(run, 'report.html'), 'utf8');
      for (const part of [
        'instrument notes',
        'Prediction loss',
        'Confusion matrix',
        'nearest',
        'npm run matpac -- --out',
      ])
        expect(report).toContain(part);
      expect(report.match(/<audio /g)?.length).toBeGreaterThanOrEqual(6);

      // Nothing is left to do: the same command says the same, and neither trains nor probes.
      const again = await matpac('--out', run, ...small);
      expect(again.code, again.err).toBe(0);
      expect(again.out.split('\n').slice(0, 6)).toEqual(first.out.split('\n').slice(0, 6));
      expect(again.err).not.toContain('probe, pretrained');
      expect(await readFile(join(run, 'weights.safetensors'))).toEqual(weights);
    },
  );

  it(
    'keeps the time budget that a run was started with, whatever backend is there now',
    { timeout: 120_000 },
    async () => {
      const out = join(folder, 'begun');
      await mkdir(out);
      const config = await loadConfig({ preset: 'demo', defaults: { data: { dataset: 'nsynth' }, minutes: 5 } });
      const record = { config, data: '/elsewhere', command: '', started: '', measured: { steps: 9, mean: 0, std: 1 } };
      await writeFile(join(out, 'config.json'), JSON.stringify(record));
      await writeFile(join(out, 'log.jsonl'), '{"step":0,"time":"","seconds":1,"metrics":{}}\n');
      // The data differ, so that nothing is trained, and nothing else does.
      expect((await matpac('--out', out)).err).toMatch(/another configuration \(data \/elsewhere -> [^,]*\/data\)/);
      expect((await matpac('--out', out, '--set', 'minutes=6')).err).toMatch(/, minutes 5 -> 6\)/);
    },
  );

  it.each([
    [['--preset', 'tiny'], 2, /--preset.*; this takes --out FOLDER and --set KEY=VALUE/],
    [['--set', 'step=5'], 1, /unknown key "step"; did you mean "steps"\?/],
  ])('refuses %j', { timeout: 120_000 }, async (args, code, message) => {
    const result = await matpac('--out', join(folder, 'none'), ...args);
    expect(result.err).toMatch(message);
    expect(result.err).not.toMatch(/\n {4}at /);
    expect(result.code).toBe(code);
  });
});
