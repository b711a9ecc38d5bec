import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '@audio-ssl/cli';
import { few } from '../src/few.js';
import { tinyArguments, tinyNotes } from '@audio-ssl/testing';

let folder: string;
let notes: string;
let run: string;
let said = '';
const listen = (...words: unknown[]): void => void (said += `${words.join(' ')}\n`);
const quietly = (): void => {
  said = '';
  vi.spyOn(console, 'log').mockImplementation(listen);
  vi.spyOn(console, 'error').mockImplementation(listen);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    listen(text);
    return true;
  });
};
beforeEach(quietly);
beforeAll(async () => {
  quietly();
  folder = await mkdtemp(join(tmpdir(), 'probe-'));
  process.env.AUDIO_SSL_CACHE ??= join(folder, 'cache');
  notes = await tinyNotes();
  run = join(folder, 'run');
  const args = ['pretrain', '--data', notes, '--dataset', 'nsynth', '--preset', 'demo', '--out', run, ...tinyArguments];
  expect(await runCli(args), said).toBe(0);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

const probe = (root: string, ...more: string[]): Promise<number> =>
  runCli([
    'probe',
    run,
    '--root',
    root,
    '--pool',
    'mean',
    ...(more.includes('--dataset') ? [] : ['--dataset', 'esc50']),
    ...more,
  ]);

interface Row {
  readonly fold: number;
  readonly category: string;
  /** What the file holds in place of a sound. */
  readonly damaged?: string;
}

/** The tiny notes in ESC-50's layout: the i-th of `rows` is one of the category's sounds. */
async function esc50(rows: readonly Row[]): Promise<string> {
  const root = await mkdtemp(join(folder, 'esc-'));
  await mkdir(join(root, 'meta'));
  await mkdir(join(root, 'audio'));
  const sounds = (await readdir(join(notes, 'audio'))).sort();
  const categories = [...new Set(rows.map(({ category }) => category))];
  const lines = await Promise.all(
    rows.map(async ({ fold, category, damaged }, i) => {
      const name = `${category}-${i}.wav`;
      const of = sounds.filter((sound) => sound.startsWith(category));
      if (damaged === undefined) await cp(join(notes, 'audio', of[i % of.length]!), join(root, 'audio', name));
      else await writeFile(join(root, 'audio', name), damaged);
      return `${name},${fold},${categories.indexOf(category)},${category}\n`;
    }),
  );
  await writeFile(join(root, 'meta', 'esc50.csv'), `filename,fold,target,category\n${lines.join('')}`);
  return root;
}

const inFolds = (category: string, folds: readonly number[], damaged?: string): Row[] =>
  folds.map((fold) => ({ fold, category, ...(damaged !== undefined && { damaged }) }));

describe('audio-ssl probe', () => {
  it('names the files that it skips, and the classes that are left without one', { timeout: 300_000 }, async () => {
    const root = await esc50([
      ...inFolds('sine', [1, 1, 2, 2, 3, 3]),
      ...inFolds('square', [1, 1, 2, 2, 3, 3]),
      ...inFolds('noise', [1, 2], 'no <sound>'),
    ]);
    expect(await probe(root), said).toBe(0);
    expect(said).toContain('skipped 2 files: noise-12.wav, noise-13.wav; the report says why');
    expect(said).toContain('left out, without a usable clip: noise');
    const report = await readFile(join(run, 'report.html'), 'utf8');
    expect(report).toContain('2 skipped files of this data set');
    expect(report).toMatch(/noise-12\.wav<\/td>\s*<td>decodeAudio: expected a WAV or FLAC file, got/);
    expect(report).toContain('none of their files can be used: noise');
    const [found] = JSON.parse(await readFile(join(run, 'report', 'probes.json'), 'utf8')) as {
      classes: string[];
      confusion: number[][];
    }[];
    expect(found).toMatchObject({ classes: ['sine', 'square'], clips: 12, chance: 0.5 });
    expect(found!.confusion).toHaveLength(2);
  });

  it.each<[string, Row[], RegExp]>([
    ['one class', inFolds('sine', [1, 2]), /two or more classes, got only sine; add clips of another class/],
    [
      'one fold',
      [...inFolds('sine', [4, 4]), ...inFolds('noise', [4, 4])],
      /all usable clips are in fold 4, .*; give some of them another fold in the column "fold"/,
    ],
    [
      'a class in one fold',
      [...inFolds('sine', [1, 2]), ...inFolds('noise', [2, 2])],
      /all 2 usable clips of class "noise" are in fold 2, .* another fold in the column "fold", or leave the class out/,
    ],
    [
      'a class of one clip',
      [...inFolds('sine', [1, 2]), ...inFolds('noise', [2])],
      /the only usable clip of class "noise" is in fold 2, /,
    ],
  ])('refuses %s before any features are made, naming the table and what to edit', async (_, rows, message) => {
    const root = await esc50(rows);
    expect(await probe(root)).toBe(1);
    expect(said).toContain(join(root, 'meta', 'esc50.csv'));
    expect(said).toMatch(message);
    expect(said).not.toContain('random start');
  });

  it(
    'names the key of the folds where there are too few instruments, and takes another number',
    { timeout: 300_000 },
    async () => {
      const root = join(folder, basename(notes));
      await cp(notes, root, { recursive: true });
      const examples = Object.entries(
        JSON.parse(await readFile(join(root, 'examples.json'), 'utf8')) as Record<string, { instrument_str: string }>,
      ).filter(([, { instrument_str }]) => /^(sine|noise)_[01]$/.test(instrument_str));
      await writeFile(join(root, 'examples.json'), JSON.stringify(Object.fromEntries(examples)));
      expect(await probe(root, '--dataset', 'nsynth')).toBe(1);
      expect(said).toMatch(
        /examples\.json: expected probe\.folds from 2 to the number of instruments \(4\), got 5; give --folds 4, or set probe\.folds=4/,
      );
      expect(await probe(root, '--dataset', 'nsynth', '--folds', '2'), said).toBe(0);
      expect(said).toContain('2 folds by instrument');
      expect(await probe(root, '--dataset', 'nsynth', '--folds', '1')).toBe(2);
    },
  );
});

describe('a run whose weights are not finite', () => {
  it('is neither embedded nor probed, and file and tensor are named', async () => {
    const path = join(run, 'weights.safetensors');
    const whole = await readFile(path);
    const { tensors, metadata } = readSafetensors(whole);
    (tensors.get('encoder.norm.bias')!.data as Float32Array)[3] = NaN;
    await writeFile(path, writeSafetensors(tensors, metadata));
    const message = 'weights.safetensors: expected finite weights, got NaN in encoder.norm.bias';
    try {
      for (const checkpoint of [run, path]) {
        said = '';
        expect(await runCli(['embed', checkpoint, join(notes, 'audio'), '--out', join(folder, 'nan.jsonl')])).toBe(1);
        expect(said).toContain(message);
      }
      said = '';
      expect(await probe(notes, '--dataset', 'nsynth')).toBe(1);
      expect(said).toContain(message);
    } finally {
      await writeFile(path, whole);
    }
  });
});

describe('few', () => {
  it('names the first three', () => {
    expect(few(['a', 'b', 'c'])).toBe('a, b, c');
    expect(few(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  });
});
