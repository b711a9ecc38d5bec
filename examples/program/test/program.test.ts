import { tinyModel } from '@audio-ssl/testing';
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'program-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a program of this example with a tiny model into a folder. */
async function run(program: string, out: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const path = fileURLToPath(new URL(`../src/${program}.ts`, import.meta.url));
  const node = ['--import', 'tsx', '--conditions=@audio-ssl/source'];
  const settings = [...tinyModel, 'steps=3', 'monitor.clips=12', 'probe.pool=[mean]', 'probe.folds=2'];
  return await promisify(execFile)(process.execPath, [...node, path, out, ...settings], {
    env: { ...process.env, AUDIO_SSL_CACHE: process.env['AUDIO_SSL_CACHE'] ?? join(folder, 'cache') },
  });
}

const json = async (...path: string[]): Promise<unknown> => JSON.parse(await readFile(join(...path), 'utf8'));

/** The shape of an array in a `.npy` file. */
async function shapeOf(path: string): Promise<string | undefined> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(128), 0, 128, 0);
  await file.close();
  return /'shape': \(([^)]*)\)/.exec(buffer.toString('latin1'))?.[1];
}

/** What both programs leave: a finished run, a probe, and the vectors of all notes. */
async function expectFinished(out: string, stdout: string): Promise<void> {
  expect(await json(out, 'summary.json')).toMatchObject({ completed: true, step: 3, dataset: { kept: 660 } });
  const [found] = (await json(out, 'report', 'probes.json')) as { target: string; clips: number }[];
  expect(found).toMatchObject({ target: 'instrument family', clips: 660 });
  const log = (await readFile(join(out, 'log.jsonl'), 'utf8')).trim().split('\n');
  expect(log).toHaveLength(3);
  expect(log[2]).toContain('features/rankMe'); // the monitor
  expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('instrument family');
  expect(stdout).toMatch(/gain +-?[\d.]+ points/);
  expect(stdout).toContain('660 vectors of 160 values'); // 5 patches of 32 channels
  expect(await shapeOf(join(out, 'embeddings.npy'))).toBe('660, 160');
}

it('pretrains, probes and embeds the shipped notes', { timeout: 600_000 }, async () => {
  const out = join(folder, 'matpac');
  const { stdout, stderr } = await run('main', out);
  await expectFinished(out, stdout);
  for (const stage of ['log-mels: 660', 'pretrain: 3', 'random start: 660', 'embed: 660'])
    expect(stderr).toContain(stage);
  expect(await json(out, 'config.json')).not.toHaveProperty('method');
});

it('does the same with a method of its own, in silence', { timeout: 600_000 }, async () => {
  const out = join(folder, 'm2d');
  const { stdout, stderr } = await run('own-method', out);
  await expectFinished(out, stdout);
  // TensorFlow greets some processors before it can be told to be silent.
  expect(stderr.replace(/^(WARNING: All log messages before absl|I0000 .*oneDNN).*\n/gm, '').trim()).toBe('');
  expect(await json(out, 'config.json')).toMatchObject({ method: 'm2d' });
});
