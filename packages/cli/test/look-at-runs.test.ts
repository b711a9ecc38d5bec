import { tinyArguments, tinyNotes } from '@audio-ssl/testing';
import { runFiles } from '@audio-ssl/trainer';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli.js';
import { runsTable } from '../src/terminal/runs-table.js';

let folder: string;
let notes: string;
let said = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'look-'));
  notes = await tinyNotes();
  await listening();
  const run = join(folder, 'runs', 'first');
  const data = ['--data', notes, '--dataset', 'nsynth', '--preset', 'demo', '--out', run];
  expect(await runCli(['pretrain', ...data, ...tinyArguments]), said).toBe(0);
}, 120_000);
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});
beforeEach(listening);

async function listening(): Promise<void> {
  said = '';
  const listen = (...words: unknown[]): void => void (said += `${words.join(' ')}\n`);
  vi.spyOn(console, 'log').mockImplementation(listen);
  vi.spyOn(console, 'error').mockImplementation(listen);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    listen(text);
    return true;
  });
}

describe('audio-ssl report', () => {
  it('writes the report of a run anew, and of an unfinished one', async () => {
    const run = join(folder, 'unfinished');
    await cp(join(folder, 'runs', 'first'), run, { recursive: true });
    for (const file of [runFiles.report, runFiles.summary]) await rm(join(run, file));
    expect(await runCli(['report', run]), said).toBe(0);
    expect(said).toContain(`report: ${join(run, 'report.html')}`);
    expect(await readFile(join(run, runFiles.report), 'utf8')).toContain('Not finished: step 6 of 6.');
  });

  it('names a folder that holds no run, and leaves nothing in it', async () => {
    const none = join(folder, 'none');
    await mkdir(none);
    expect(await runCli(['report', none])).toBe(1);
    expect(said).toContain(`is ${none} the folder of a run?`);
    await expect(readFile(join(none, 'report'))).rejects.toThrow(/ENOENT/);
  });
});

describe('audio-ssl runs', () => {
  it('lists runs as a table, with what is wrong below it, and as JSON', async () => {
    const runs = join(folder, 'runs');
    await mkdir(join(runs, 'bad\n\u001b[31m', 'checkpoints'), { recursive: true });
    await writeFile(join(runs, 'bad\n\u001b[31m', 'config.json'), '[');
    expect(await runCli(['runs', runs]), said).toBe(0);
    const [head, ...lines] = said.trimEnd().split('\n');
    expect(head).toMatch(/^run +state +step +best probe +size +age$/);
    expect(said).toMatch(/^first +completed +6\/6 +[\d.]+ [kM]B +\d+ (s|min)$/m);
    expect(said).toMatch(/^bad\\n\\u001b\[31m +damaged/m);
    expect(lines.at(-1)).toContain('not valid JSON');
    said = '';
    expect(await runCli(['runs', runs, '--json'])).toBe(0);
    const found = JSON.parse(said) as { run: string; state: string }[];
    expect(found.map(({ run, state }) => [run, state]).sort()).toEqual([
      ['bad\n\u001b[31m', 'damaged'],
      ['first', 'completed'],
    ]);
  });

  it('says that there are none, and which folder cannot be read', async () => {
    expect(await runCli(['runs', join(folder, 'none')])).toBe(0);
    expect(said).toContain(`no runs in ${join(folder, 'none')}`);
    expect(await runCli(['runs', join(folder, 'nowhere')])).toBe(1);
    expect(said).toMatch(/\[folder\] .*nowhere cannot be read/);
  });

  it('says sizes, ages and losses as plainly as gains', () => {
    const common = { steps: 2000, bytes: 21_400_000, started: '2026-01-01T00:00:00.000Z', changed: '' } as const;
    const at = Date.parse('2026-01-03T05:00:00.000Z');
    const text = runsTable(
      [
        {
          ...{ ...common, run: 'a', state: 'stopped', step: 40 },
          best: { accuracy: 0.458, gain: -0.042, pooling: 'time mean' },
        },
        { ...common, run: 'b', state: 'running', step: 1999, bytes: 900, best: { accuracy: 0.5, pooling: 'max' } },
      ],
      at,
    );
    expect(text).toMatch(/a +stopped at 40 +40\/2000 +45\.8 %, 4\.2 points below its start \(time mean\) +21 MB +2 d/);
    expect(text).toMatch(/b +running +1999\/2000 +50\.0 % \(max\) +900 B +2 d/);
  });
});

describe('audio-ssl doctor', () => {
  it('looks at the backend that AUDIO_SSL_BACKEND asks for, and refuses other names', { timeout: 60_000 }, async () => {
    vi.stubEnv('AUDIO_SSL_BACKEND', 'cpu');
    try {
      expect(await runCli(['doctor'])).toBe(0);
      expect(said).toMatch(/^backend +cpu 4/m);
      vi.stubEnv('AUDIO_SSL_BACKEND', 'gpu');
      expect(await runCli(['doctor'])).toBe(1);
      expect(said).toContain('AUDIO_SSL_BACKEND: expected one of tensorflow, wasm, cpu, got "gpu"');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
