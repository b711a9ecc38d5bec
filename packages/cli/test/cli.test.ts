import { readSafetensors } from '@audio-ssl/tensor-files';
import { readLog } from '@audio-ssl/trainer';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli.js';
import { tinyArguments, tinyNotes } from '@audio-ssl/testing';

let folder: string;
let notes: string;
let mixed: string; // a sound beside files that are none
let said = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  process.env.AUDIO_SSL_CACHE ??= join(folder, 'cache');
  notes = await tinyNotes({ damaged: true });
  mixed = join(folder, 'mixed');
  await mkdir(mixed);
  await cp(join(notes, 'audio', 'noise_2-1.wav'), join(mixed, 'noise_2-1.wav'));
  for (const name of ['x.mp3', 'y.mp3', 'z.ogg']) await writeFile(join(mixed, name), name === 'z.ogg' ? 'text' : '');
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
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    listen(text);
    return true;
  });
});

const pretrainArguments = (out: string, ...more: string[]): string[] => [
  'pretrain',
  ...['--data', notes, '--dataset', 'nsynth', '--preset', 'demo', '--out', out],
  ...tinyArguments,
  ...more,
];

describe('audio-ssl', () => {
  it('pretrains, probes and embeds, and puts all of it into the report', { timeout: 300_000 }, async () => {
    const run = join(folder, 'whole <run>');
    // A start that fails before its first step stands in nobody's way.
    expect(await runCli(pretrainArguments(run, '--set', 'data.mean=0', '--set', 'data.std=1e-44'))).toBe(1);
    expect(said).toMatch(/is NaN at step 0/);
    expect(await runCli(pretrainArguments(run)), said).toBe(0);
    expect(await readLog(run)).toHaveLength(6);
    const before = await readFile(join(run, 'report.html'), 'utf8');
    expect(before).toContain('Prediction loss');
    expect(before).not.toContain('What the probe finds');

    expect(
      await runCli(['probe', run, '--dataset', 'nsynth', '--root', notes, '--pool', 'mean', 'mean+std+max']),
      said,
    ).toBe(0);
    expect(said).toMatch(/gain +-?[\d.]+ points \(95 % interval/);
    const report = await readFile(join(run, 'report.html'), 'utf8');
    for (const part of [
      'pooled by time mean',
      'pooled by mean + std + max',
      'Confusion matrix',
      'Nearest',
      'Spread of the latents',
      'Pseudo-class perplexity',
      'Teacher decays',
      'Learning rate',
      'clips a second',
      'Do it again',
      'seed: 0',
    ])
      expect(report.toLowerCase(), part).toContain(part.toLowerCase());
    expect(report.match(/<audio /g)?.length).toBeGreaterThanOrEqual(6);
    expect(report.match(/src="data:image\/png;base64,/g)).toHaveLength(12);
    // The damaged files are listed with their reasons; their names are text, not markup.
    expect(report).toContain('2 skipped');
    expect(report).toContain('noise_0-2.wav');
    expect(report).not.toContain('sine_<b>');
    expect(report).not.toContain('whole <run>');
    // One file that loads nothing from elsewhere.
    expect(report).not.toMatch(/<script|<link|@import|(src|href)="(?!data:|#)/);

    const probes = JSON.parse(await readFile(join(run, 'report', 'probes.json'), 'utf8')) as {
      confusion: number[][];
      clips: number;
    }[];
    expect(probes).toHaveLength(2);
    for (const { confusion, clips } of probes) expect(confusion.flat().reduce((a, b) => a + b)).toBe(clips);

    const [sine, noise, damaged] = [
      join(notes, 'audio', 'sine_0-0.wav'),
      join(mixed, 'noise_2-1.wav'),
      join(notes, 'audio', 'noise_0-2.wav'),
    ] as const;
    const lines = join(folder, 'out.jsonl');
    expect(await runCli(['embed', run, sine, mixed, damaged, '--out', lines])).toBe(1); // one of them is damaged
    expect(said).toContain('noise_0-2.wav');
    expect(said).toContain(`4 failed: 3 empty, 1 not audio; listed in ${lines}.failed.jsonl`);
    const embedded = (await readFile(lines, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { file: string; embedding: number[] });
    expect(embedded.map(({ file }) => file)).toEqual([sine, noise]);
    expect(embedded[0]?.embedding).toHaveLength(5 * 32);
    const tensors = join(folder, 'out.safetensors');
    expect(await runCli(['embed', run, sine, '--out', tensors])).toBe(0);
    const alone = readSafetensors(await readFile(tensors)).tensors.get(sine)?.data ?? [];
    expect(alone).toHaveLength(5 * 32);
    alone.forEach((value, k) => expect(value).toBeCloseTo(embedded[0]?.embedding[k] as number, 4)); // alone or in a batch

    // The features as those of any program: a label and a group from the name of each note.
    const features = join(folder, 'notes.npy');
    const labels = join(folder, 'labels.csv');
    expect(await runCli(['embed', run, join(notes, 'audio'), '--out', features])).toBe(1); // two are damaged
    const names = ['sine', 'square', 'noise'].flatMap((family) =>
      ['0', '1', '2'].flatMap((instrument) => ['0', '1'].map((note) => `${family}_${instrument}-${note}`)),
    );
    const table = names.map((name) => `${name.split('_')[0]},${name.split('-')[0]},${name}.wav`);
    await writeFile(labels, ['label,group,file', ...table].join('\n'));
    expect(await runCli(['probe', '--features', features, '--labels', labels, '--folds', '3']), said).toBe(0);
    expect(said).toMatch(/18 clips of 160 values, 3 classes, 3 folds by group.*\n {2}accuracy \d/);

    // The same command again: nothing is left to do, and nothing changes.
    const weights = await readFile(join(run, 'weights.safetensors'));
    expect(await runCli(pretrainArguments(run))).toBe(0);
    expect(await readFile(join(run, 'weights.safetensors'))).toEqual(weights);

    // A run of another configuration is not resumed, weights of another size are not taken.
    expect(await runCli(pretrainArguments(run, '--set', 'seed=1'))).toBe(1);
    expect(said).toContain('holds a run of another configuration (seed 0 -> 1)');
    const config = await readFile(join(run, 'config.json'), 'utf8');
    const probeAgain = ['probe', run, '--dataset', 'nsynth', '--root', notes];
    await writeFile(join(run, 'config.json'), config.replace('"embedDim": 32', '"embedDim": 64'));
    expect(await runCli(probeAgain)).toBe(1);
    expect(said).toMatch(
      /weights\.safetensors is of another run than .*config\.json: embedDim should be 64, is 32; put back the files/,
    );
    for (const [text, reason] of [
      ['null', 'expected measured steps, mean and std'],
      ['{}', 'expected measured steps, mean and std'],
      ['{"measured": {"steps": 1, "mean": 0, "std": 1}}', 'expected a group of keys, got nothing'],
    ] as const) {
      await writeFile(join(run, 'config.json'), text);
      expect(await runCli(probeAgain)).toBe(1);
      expect(said).toMatch(new RegExp(`config\\.json is not the record of a run: .*${reason}.*; restore it`, 's'));
    }
    await writeFile(join(run, 'config.json'), config);
    await writeFile(join(run, 'weights.safetensors'), weights.subarray(0, 1000));
    expect(await runCli(['embed', run, sine])).toBe(1);
    expect(said).toMatch(/weights\.safetensors.*damaged/);
  });

  it('says on standard error what it leaves out, and why nothing is left', async () => {
    const args = ['pretrain', '--data', mixed, '--preset', 'demo', '--out', join(folder, 'short')];
    const short = ['data.shortClips=drop', 'data.cropFrames=64'].flatMap((assignment) => ['--set', assignment]);
    expect(await runCli([...args, ...tinyArguments, ...short])).toBe(1);
    expect(said).toMatch(/x\.mp3: .*empty/);
    expect(said).toMatch(
      /too short: 38 frames, 64 or more are asked for; pad it with --set data\.shortClips=pad, or take shorter crops \(data\.cropFrames\)/,
    );
  });

  it.each<[string, string[], number, RegExp]>([
    ['no command line', ['pretrain'], 2, /required option '--data/],
    ['an unknown command', ['pretrian'], 2, /Did you mean pretrain/],
    ['an unknown option', ['probe', 'x', '--root', 'y', '--dataset', 'esc51'], 2, /Allowed choices are esc50, nsynth/],
    [
      'an unknown pooling',
      ['probe', 'x', '--root', 'y', '--dataset', 'esc50', '--pool', 'median'],
      2,
      /expected one of mean, max, mean\+std/,
    ],
    ['a folder that is missing', ['pretrain', '--data', 'no-such-folder', '--out', 'x'], 1, /no-such-folder/],
    [
      'a setting out of range',
      ['pretrain', '--data', '.', '--out', 'x', '--set', 'batchSize=0'],
      1,
      /batchSize: expected a whole number from 1/,
    ],
    ['a probe of nothing', ['probe'], 2, /missing required argument 'run', or --features <file\.npy>/],
    ['a probe without data', ['probe', 'x', '--dataset', 'esc50'], 2, /required option '--root <folder>'/],
    ['features without labels', ['probe', '--features', 'x.npy'], 2, /--features needs --labels <file\.csv>/],
    ['features of a run', ['probe', 'x', '--features', 'x.npy', '--labels', 'y.csv'], 2, /--features takes no run/],
    [
      'features that are pooled',
      ['probe', '--features', 'x.npy', '--labels', 'y.csv', '--pool', 'mean'],
      2,
      /'--features <file\.npy>' cannot be used with option '--pool/,
    ],
    ['no run', ['probe', 'no-run', '--dataset', 'esc50', '--root', '.'], 1, /no-run\/config\.json is missing/],
    ['a file that is missing', ['embed', 'no-run', 'no.wav'], 1, /no\.wav: no such file/],
    ['an empty name', ['pretrain', '--data', '', '--out', 'x'], 2, /--data .*expected a path, got nothing/],
    [
      'an unknown type of file to write',
      ['embed', 'no-run', 'no.wav', '--out', 'x.csv'],
      2,
      /\.safetensors or \.jsonl/,
    ],
  ])('refuses %s in one message, without a stack', async (_, args, code, text) => {
    expect(await runCli(args)).toBe(code);
    expect(said).toMatch(text);
    expect(said).not.toMatch(/\n {4}at /);
    expect(existsSync('x')).toBe(false);
  });

  it('names the flag of a folder that cannot be written to, before it reads any sound', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    expect(await runCli(pretrainArguments(join(file, 'run')))).toBe(1);
    expect(said).toMatch(/--out: expected a folder that can be written to, got .*a-file is a file; name another one/);
    expect(said).not.toContain('log-mels');
  });
});

describe('a run that is stopped', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const start = (out: string): ChildProcess =>
    spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--conditions=@audio-ssl/source',
        main,
        ...pretrainArguments(out, '--set', 'steps=400', '--set', 'checkpointEvery=3'),
      ],
      { stdio: 'ignore' },
    );
  it('finishes when nobody reads what it prints', { timeout: 300_000 }, async () => {
    const run = join(folder, 'unread');
    const command = [
      process.execPath,
      '--import',
      'tsx',
      '--conditions=@audio-ssl/source',
      main,
      ...pretrainArguments(run),
    ];
    const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    child.stderr.once('data', () => child.stderr.destroy());
    expect(await ended(child)).toBe(0);
    expect(await readLog(run)).toHaveLength(6);
    expect(existsSync(join(run, 'report.html'))).toBe(true);
  });

  it('keeps what it has, and says so, when the disk of a run is full', { timeout: 300_000 }, async ({ skip }) => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const mount = promisify(execFile);
    await mount('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).catch(() =>
      skip('file systems cannot be mounted'),
    );
    try {
      const run = join(disk, 'run');
      expect(await runCli(pretrainArguments(run)), said).toBe(0);
      await writeFile(join(disk, 'rest'), Buffer.alloc(2 ** 22)).catch(() => undefined);
      const report = await readFile(join(run, 'report.html'));
      expect(await runCli(['probe', run, '--dataset', 'nsynth', '--root', notes])).toBe(1);
      expect(said).toMatch(/cannot write .*report\.lock \(ENOSPC.*\); make room, then try again/);
      expect(await readFile(join(run, 'report.html'))).toEqual(report);
      expect(await readdir(join(run, 'report'))).toEqual(['examples.json']); // nothing half written
      await rm(join(disk, 'rest'));
      expect(await runCli(['probe', run, '--dataset', 'nsynth', '--root', notes]), said).toBe(0);
    } finally {
      await mount('umount', [disk]);
    }
  });

  const ended = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  const reached = async (run: string, steps: number, child: ChildProcess): Promise<void> => {
    while ((await readLog(run)).length < steps) {
      if (child.exitCode !== null) throw new Error(`ended with exit code ${child.exitCode} before step ${steps}`);
      await sleep(20);
    }
  };

  it('resumes after Ctrl-C, a second Ctrl-C and kill -9, and logs every step once', { timeout: 600_000 }, async () => {
    const run = join(folder, 'stopped');
    const first = start(run);
    const firstEnd = ended(first);
    await reached(run, 5, first);
    first.kill('SIGINT');
    expect(await firstEnd).toBe(130);
    const stopped = (await readLog(run)).length;
    expect(stopped).toBeLessThan(400);
    // The step that was under way is in a checkpoint.
    expect(existsSync(join(run, 'checkpoints', `step-${String(stopped).padStart(8, '0')}.safetensors`))).toBe(true);

    const second = start(run);
    const secondEnd = ended(second);
    await reached(run, stopped + 5, second);
    second.kill('SIGKILL');
    expect(await secondEnd).toBe(null);

    const third = start(run);
    const thirdEnd = ended(third);
    await reached(run, stopped + 12, third);
    third.kill('SIGINT');
    await sleep(600);
    third.kill('SIGINT');
    // Already gone or asked to end at once; on its way out, when nothing listens any more, the signal itself ends it.
    expect([130, null]).toContain(await thirdEnd);

    expect(await ended(start(run))).toBe(0);
    expect((await readLog(run)).map(({ step }) => step)).toEqual(Array.from({ length: 400 }, (_, step) => step));
    expect(existsSync(join(run, 'weights.safetensors'))).toBe(true);
  });
});
