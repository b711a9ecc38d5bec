import { disposeTree, leaves } from '@audio-ssl/params';
import type { ReportProbe } from '@audio-ssl/report';
import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { tinyModel, tinyNotes } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { runFiles } from '@audio-ssl/trainer';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  embed,
  initialEncoder,
  loadConfig,
  matpacMethod,
  pretrain,
  probe,
  probeSummary,
  readProbes,
  type ProbeOptions,
  type Reporter,
} from '../src/index.js';

let folder: string;
let notes: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probe-'));
  notes = await tinyNotes();
  run = join(folder, 'run');
  const config = await loadConfig({ preset: 'demo', set: [...tinyModel, 'data.dataset=nsynth'] });
  await pretrain({ data: notes, out: run, config });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(notes, { recursive: true });
});

const probed = (root: string, options: Partial<ProbeOptions> = {}): Promise<readonly ReportProbe[]> =>
  probe({ run, root, layout: 'esc50', poolings: ['mean'], ...options });

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

describe('probe', () => {
  it('keeps what two probes at a time have found', { timeout: 300_000 }, async () => {
    const root = await esc50([...inFolds('sine', [1, 1, 2, 2]), ...inFolds('square', [1, 1, 2, 2])]);
    const names = ['first', 'second', 'third'];
    await Promise.all(names.map((name) => probed(root, { name })));
    const found = await readProbes(run);
    expect(found.map(({ dataset }) => dataset).sort()).toEqual(names);
    const page = await readFile(join(run, 'report.html'), 'utf8');
    for (const name of names) expect(page).toContain(name);
    expect((await readdir(join(run, 'report'))).filter((name) => /lock|tmp/.test(name))).toEqual([]);
    await rm(join(run, 'report', 'probes.json'));
  });

  it('names the files that it skips, and the classes that are left without one', { timeout: 300_000 }, async () => {
    const root = await esc50([
      ...inFolds('sine', [1, 1, 2, 2, 3, 3]),
      ...inFolds('square', [1, 1, 2, 2, 3, 3]),
      ...inFolds('noise', [1, 2], 'no <sound>'),
    ]);
    const said = (await probed(root)).map(probeSummary).join('\n');
    expect(said).toMatch(/2 skipped: .*\(noise-12\.wav, noise-13\.wav\); the report says why/);
    expect(said).toContain('left out, without a usable clip: noise');
    const report = await readFile(join(run, 'report.html'), 'utf8');
    expect(report).toContain('2 skipped files of this data set');
    expect(report).toMatch(/noise-12\.wav<\/td>\s*<td>[^<]*expected /);
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
    const stages: string[] = [];
    const reporter: Reporter = { stage: ({ name }) => void stages.push(name) };
    await expect(probed(root, { reporter })).rejects.toThrow(message);
    await expect(probed(root)).rejects.toThrow(join(root, 'meta', 'esc50.csv'));
    expect(stages).toEqual(['log-mels']);
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
      await expect(probed(root, { layout: 'nsynth' })).rejects.toThrow(
        /examples\.json: expected probe\.folds from 2 to the number of instruments \(4\), got 5; give `folds` 4$/,
      );
      const [found] = await probed(root, { layout: 'nsynth', folds: 2 });
      expect(probeSummary(found!)).toContain('2 folds by instrument');
      await expect(probed(root, { layout: 'nsynth', folds: 1 })).rejects.toThrow(/folds/);
    },
  );

  it('recognises the layout of a folder, and refuses one without labels', { timeout: 120_000 }, async () => {
    const [found] = await probed(notes, { layout: undefined });
    expect(found).toMatchObject({ target: 'instrument family', clips: 18 });
    await expect(probed(join(notes, 'audio'), { layout: undefined })).rejects.toThrow(
      /`root` .*audio: expected a data set in the layout of esc50 or nsynth; give another folder, or its `layout`/,
    );
  });

  it('leaves no tensor behind, when it fails too', { timeout: 120_000 }, async () => {
    const before = tf.memory().numTensors;
    await expect(probed(join(folder, 'nowhere'))).rejects.toThrow(/nowhere/); // once the encoders are made
    expect(tf.memory().numTensors).toBe(before);
    await expect(probed(notes, { layout: 'nsynth', signal: AbortSignal.abort() })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
    await probed(notes, { layout: 'nsynth', fineTuneEpochs: 1 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('initialEncoder', () => {
  it('draws what the whole state has, and nothing else', async () => {
    const config = await loadConfig({ preset: 'demo', set: [...tinyModel, 'seed=3'] });
    const method = matpacMethod(config);
    const before = tf.memory().numTensors;
    const alone = initialEncoder(method, config.seed);
    expect(tf.memory().numTensors - before).toBe(leaves(alone).length);
    const state = method.init(config.seed);
    const { patch_embed, cls_token, encoder } = state.student;
    const whole = new Map(leaves({ patch_embed, cls_token, encoder }));
    expect(leaves(alone).map(([path]) => path)).toEqual([...whole.keys()]);
    for (const [path, leaf] of leaves(alone)) expect(await leaf.data(), path).toEqual(await whole.get(path)!.data());
    disposeTree([alone, state]);
  });
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
      for (const checkpoint of [run, path])
        await expect(
          embed({ checkpoint, inputs: [join(notes, 'audio')], out: join(folder, 'nan.jsonl') }),
        ).rejects.toThrow(message);
      await expect(probed(notes, { layout: 'nsynth' })).rejects.toThrow(message);
    } finally {
      await writeFile(path, whole);
    }
  });
});

describe('a run that has not finished', () => {
  it('is probed at its newest checkpoint, or after as many steps as asked, which its results say', async () => {
    const unfinished = join(folder, 'unfinished');
    await cp(run, unfinished, { recursive: true });
    await rm(join(unfinished, runFiles.probes), { force: true });
    const steps = (await readdir(join(unfinished, 'checkpoints'))).map((name) => Number(/\d+/.exec(name)![0])).sort();
    const newest = steps.at(-1)!;
    const options = { layout: 'nsynth', run: unfinished } as const;
    const [finished] = await probed(notes, options);
    const [at] = await probed(notes, { ...options, atStep: newest });
    expect(at).toEqual({ ...finished, method: `after ${newest} steps`, seconds: at!.seconds });
    expect(await readProbes(unfinished)).toEqual([at, finished]); // neither is in the place of the other
    await rm(join(unfinished, 'weights.safetensors'));
    const said: string[] = [];
    const [now] = await probed(notes, { ...options, reporter: { note: (words) => void said.push(words) } });
    expect(now).toEqual({ ...at, seconds: now!.seconds });
    expect(said).toContain(`${unfinished} has not finished: took its newest checkpoint, after ${newest} steps`);
    await expect(probed(notes, { ...options, atStep: 999 })).rejects.toThrow('has no checkpoint after step 999');
  });
});

describe('the weights of a run', () => {
  it('are neither embedded nor probed when a bit of them has changed, or when they are of another run', async () => {
    const path = join(run, 'weights.safetensors');
    const whole = await readFile(path);
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 3]! ^= 4;
    const { tensors, metadata } = readSafetensors(whole);
    const others = writeSafetensors(tensors, { ...metadata, numHeads: '16' });
    const input = { inputs: [join(notes, 'audio')], out: join(folder, 'damaged.jsonl') };
    try {
      await writeFile(path, damaged);
      const message = /weights\.safetensors: .*checksum.* is damaged; restore it, or pretrain again/;
      await expect(embed({ checkpoint: run, ...input })).rejects.toThrow(message);
      await expect(probed(notes, { layout: 'nsynth' })).rejects.toThrow(message);
      await writeFile(path, others);
      await expect(probed(notes, { layout: 'nsynth' })).rejects.toThrow(/numHeads should be \d+, is 16/);
    } finally {
      await writeFile(path, whole);
    }
  });
});
