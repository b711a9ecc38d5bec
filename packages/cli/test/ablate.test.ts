import { tinyArguments, tinyNotes } from '@audio-ssl/testing';
import { readLog } from '@audio-ssl/trainer';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli.js';

let folder: string;
let notes: string;
let suite: string;
let said = '';
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
beforeEach(() => {
  said = '';
  const listen = (...words: unknown[]): void => void (said += `${words.join(' ')}\n`);
  vi.spyOn(console, 'log').mockImplementation(listen);
  vi.spyOn(console, 'error').mockImplementation(listen);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += text as string), true));
});
afterEach(() => void vi.restoreAllMocks());

const ablateArguments = (out: string, ...more: string[]): string[] => [
  'ablate',
  ...['--suite', suite, '--data', notes, '--preset', 'demo', '--out', out, '--parallel', '2', '--seeds', '1'],
  ...tinyArguments,
  ...['--set', 'probe.folds=3', '--set', 'probe.pool=[mean]'],
  ...more,
];

describe('audio-ssl ablate', () => {
  it(
    'shows the plan, then the results, and what failed; its report repeats a run alone',
    { timeout: 600_000 },
    async () => {
      const out = join(folder, 'whole');
      expect(await runCli(ablateArguments(out, '--plan', '--budget', '3s')), said).toBe(0);
      expect(said).toContain('suite two: Two <rows>\n');
      expect(said).toContain('plan: 2 rows x 1 seed, each 20 steps');
      expect(said).toContain('classification.weight 0.5 -> 0');
      expect(said).toContain(
        'The budget of 3.0 s, of which 0.0 s are left for the runs, is too short even for 20 steps a run',
      );
      expect(existsSync(join(out, 'runs', 'no-classes'))).toBe(false);

      // A file where a run's folder has to be: that run fails, the other does not.
      await writeFile(join(out, 'runs', 'no-classes'), '');
      expect(await runCli(ablateArguments(out, '--budget', '3s')), said).toBe(1);
      expect(said).toContain('failed: run:no-classes:0: ');
      await rm(join(out, 'runs', 'no-classes'));
      expect(await runCli(ablateArguments(out, '--budget', '3s')), said).toBe(0);
      expect(said).toContain('2 of 2 runs, 20 steps of 4 clips each, 1 seed');
      expect(said).toContain('| no classes |');
      expect(said).toContain(`report: ${out}/report.html`);

      said = '';
      expect(await runCli(ablateArguments(out, '--budget', '3s')), said).toBe(0);
      expect(said).toContain('all runs are done');
      expect(await runCli(ablateArguments(out)), said).toBe(1);
      expect(said).toContain('holds another suite (budget 3 s -> null s); give another --out');

      // The command that the report gives for one run alone repeats its log.
      const text = await readFile(join(out, 'report.md'), 'utf8');
      const [command] = text
        .split('\n')
        .filter((line) => line.startsWith('audio-ssl pretrain ') && line.includes('no-classes'));
      expect(await runCli(command!.split(' ').slice(1)), said).toBe(0);
      const values = async (run: string) => (await readLog(run)).map(({ metrics }) => metrics.loss!);
      const repeated = await values(join(out, 'again', 'no-classes', 'seed-0'));
      expect(repeated).toHaveLength(20);
      // On several threads a backend may add in another order; a few steps of rates below 1e-3 hardly spread that.
      (await values(join(out, 'runs', 'no-classes', 'seed-0')))
        .slice(0, 6)
        .forEach((loss, i) => expect(repeated[i]).toBeCloseTo(loss, 5));
    },
  );

  it('stops at Ctrl-C with what runs saved, and resumes', { timeout: 600_000 }, async () => {
    const out = join(folder, 'stopped');
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const start = () => {
      const args = ablateArguments(out, '--set', 'steps=200', '--set', 'checkpointEvery=1000');
      const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@audio-ssl/source', main, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (text) => void (output += text));
      child.stderr.on('data', (text) => void (output += text));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      return { child, ended, said: () => output };
    };
    const first = start();
    const run = join(out, 'runs', 'baseline', 'seed-0');
    const log = join(run, 'log.jsonl');
    const steps = async (): Promise<number> =>
      existsSync(log) ? (await readFile(log, 'utf8')).split('\n').length - 1 : 0;
    while ((await steps()) < 5 && first.child.exitCode === null) await sleep(20);
    first.child.kill('SIGINT');
    expect(await first.ended, first.said()).toBe(130);
    expect(first.said()).toContain('stopped with 0 of 2 runs done; the same command resumes');
    const saved = await readLog(run);
    expect(saved.length).toBeLessThan(200);

    const second = start();
    expect(await second.ended, second.said()).toBe(0);
    expect((await readLog(run)).slice(0, saved.length), 'no step is done again').toEqual(saved);
    expect(JSON.parse(await readFile(join(out, 'results.json'), 'utf8'))).toMatchObject({ done: 2, total: 2 });
  });

  it('exits as stopped when it is stopped before its plan is shown', { timeout: 120_000 }, async () => {
    const out = join(folder, 'unplanned');
    const ended = runCli(ablateArguments(out, '--plan'));
    await vi.waitFor(() => expect(existsSync(join(out, 'logs', 'prepare.log'))).toBe(true), { timeout: 60_000 });
    process.emit('SIGINT');
    expect(await ended).toBe(130);
    expect(said).toContain('stopped before the plan was made; the same command resumes\n');
  });

  it('says what is missing', async () => {
    expect(await runCli(['ablate', '--suite', 'paper', '--data', folder])).toBe(1);
    expect(said).toContain('is laid out as none of esc50, nsynth; a suite is probed on labelled data');
    expect(said).toContain('give its folder as --data, or its --dataset');
    expect(await runCli(['ablate', '--suite', 'papers', '--data', notes])).toBe(2);
    expect(said).toContain('--suite papers: neither one of paper, masking, targets nor a file');
    expect(await runCli(['ablate', '--suite', 'paper', '--data', notes, '--budget', 'soon'])).toBe(2);
    expect(said).toContain('--budget soon: expected a time');
    expect(await runCli(['ablate', '--suite', 'paper', '--data', notes, '--seeds', '0'])).toBe(2);
    expect(said).toContain('expected a whole number of 1 or more');
  });
});
