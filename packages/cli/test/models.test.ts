import { convertCheckpoint, encoderMetadata } from '@audio-ssl/pretrained';
import {
  byteSource,
  fromTensors,
  openTensors,
  pytorchChunks,
  readSafetensors,
  writeSafetensors,
  type SafetensorsEntry,
} from '@audio-ssl/tensor-files';
import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { openFile } from '@audio-ssl/tensor-files/node';
import { tinyArguments, tinyNotes } from '@audio-ssl/testing';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli.js';
import { printError } from '../src/terminal/print-error.js';
import { withInterrupts } from '../src/terminal/interrupts.js';

let folder: string;
let notes: string;
let sounds: string;
let sound: string;
let checkpoint: string;
let said = '';

const DIMS = 5 * 16;

const entry = (shape: number[], of: () => number): SafetensorsEntry => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, of),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
  const encoder = initSpectrogramEncoder({ embedDim: 16, depth: 2, numHeads: 2, patch: [16, 16] }, randomStream(1));
  const ours = writeSafetensors(
    await fromTensors(leaves(encoder)),
    encoderMetadata({
      patch: [16, 16],
      bins: 80,
      numHeads: 2,
      frontEnd: 'matpac',
      mean: -7.056,
      std: 4.193,
      chunkFrames: 608,
    }),
  );
  disposeTree(encoder);
  const { tensors } = await convertCheckpoint(await openTensors(byteSource(ours)), 'matpac');
  checkpoint = join(folder, 'some encoder.bin');
  await writeFile(checkpoint, pytorchChunks(tensors));
  notes = await tinyNotes();
  sounds = join(notes, 'audio'); // 18 of them
  sound = join(sounds, (await readdir(sounds)).sort()[0]!);
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

const run = (...args: string[]): Promise<number> => runCli(args);
const npy = async (path: string): Promise<SafetensorsEntry> => {
  const file = await openTensors(await openFile(path));
  try {
    return await file.read('array');
  } finally {
    await file.close();
  }
};

/** Writes a probe of random weights. */
async function probeOf(classes: number): Promise<string> {
  const probe = join(folder, `probe-${classes}.safetensors`);
  const uniform = randomStream(5);
  const weights = [
    ['probe.weight', entry([classes, DIMS], () => uniform() - 0.5)],
    ['probe.bias', entry([classes], uniform)],
  ] as const;
  await writeFile(probe, writeSafetensors(new Map(weights)));
  return probe;
}

describe('--fact', () => {
  it('says what a checkpoint does not, for embed, classify and convert', async () => {
    const encoder = initSpectrogramEncoder({ embedDim: 16, depth: 1, numHeads: 2, patch: [16, 16] }, randomStream(1));
    const silent = join(folder, 'silent.safetensors');
    await writeFile(silent, writeSafetensors(await fromTensors(leaves(encoder)), { patch: '16x16', bins: '80' }));
    disposeTree(encoder);
    const facts = ['--heads', '2', ...['frontEnd=matpac', 'mean=-7', 'std=4'].flatMap((fact) => ['--fact', fact])];
    const out = ['--out', join(folder, 'silent.npy')];
    expect(await run('embed', silent, sound, ...facts, ...out)).toBe(1);
    expect(said).toMatch(/weights of ours without chunkFrames in their metadata.*give --fact \(chunkFrames\)/);
    const all = [...facts, '--fact', 'chunkFrames=608'];
    expect(await run('embed', silent, sound, ...all, ...out), said).toBe(0);
    expect(await run('convert', silent, join(folder, 'told.safetensors'), ...all), said).toBe(0);
    expect(await run('embed', join(folder, 'told.safetensors'), sound, ...out), said).toBe(0);
    for (const wrong of ['patch=16', 'frontEnd=mfcc', 'mean=low', 'heads=2', 'mean'])
      expect(await run('embed', silent, sound, '--fact', wrong, ...out), wrong).not.toBe(0);
  });
});

describe('audio-ssl embed', () => {
  it('says what it wrote and what failed', { timeout: 120_000 }, async () => {
    const [out, broken] = [join(folder, 'all.npy'), join(folder, 'broken.wav')];
    await writeFile(broken, 'no sound');
    expect(await run('embed', checkpoint, sounds, broken, '--heads', '2', '--out', out), said).toBe(1);
    expect(said).toMatch(/failed: .*broken\.wav: /);
    expect(said).toContain(`1 failed: 1 not audio; listed in ${out}.failed.jsonl`);
    expect(said).toContain(`18 files, ${DIMS} values a vector, in ${out}`);
    expect((await npy(out)).shape).toEqual([18, DIMS]);
  });

  it('passes over what is no loss without failing', { timeout: 120_000 }, async () => {
    const [odd, out] = [join(folder, 'odd'), join(folder, 'odd.npy')];
    await mkdir(odd);
    await cp(sound, join(odd, 'a.wav'));
    await writeFile(join(odd, '._a.wav'), '');
    await symlink('.', join(odd, 'loop'));
    expect(await run('embed', checkpoint, odd, '--heads', '2', '--out', out), said).toBe(0);
    expect(said).toContain(`2 passed over: 1 left by macOS, 1 link to a folder above; listed in ${out}.notices.jsonl`);
    expect(said).toContain(`1 file, ${DIMS} values`);
    expect(await run('classify', checkpoint, odd, '--heads', '2', '--probe', await probeOf(20)), said).toBe(0);
    expect(said).toContain('2 passed over: 1 left by macOS, 1 link to a folder above; --json lists them');
  });

  it('names flags in the reasons of failures', async () => {
    expect(
      await run('embed', checkpoint, sound, '--channel', '7', '--heads', '2', '--out', join(folder, 'no.npy')),
    ).toBe(1);
    expect(said).toMatch(/audio-ssl: .*got one channel; name another with --channel/);
    expect(await readFile(join(folder, 'no.npy.failed.jsonl'), 'utf8')).toContain('name another with --channel');
    said = '';
    const probe = await probeOf(20);
    const args = ['classify', checkpoint, sound, '--channel', '7', '--heads', '2', '--probe', probe];
    expect(await run(...args, '--json')).toBe(1);
    expect(said).toMatch(/failed: .*got one channel; name another with --channel/);
    expect(said).toContain('not one sound can be used; do as each line says');
    expect(said).not.toContain('`');
  });

  it('hands its options on', async () => {
    const out = join(folder, 'options.npy');
    const options = ['--frames', '--layers', '1,0', '--mode', 'fast', '--frequency', 'mean', '--heads', '2'];
    expect(await run('embed', checkpoint, sound, ...options, '--out', out), said).toBe(0);
    expect((await npy(out)).shape).toEqual([38, 2, 16]); // 608 frames in patches of 16
  });

  it('reads a sound from standard input', { timeout: 120_000 }, async () => {
    const out = join(folder, 'stdin.jsonl');
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', main, 'embed', checkpoint, '-'];
    const child = spawn(process.execPath, [...args, '--heads', '2', '--device', 'cpu', '--out', out], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.end(await readFile(sound));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ file: '-' });
  });

  it('names the flag that cannot be written to', async () => {
    const out = (name: string): string => join(folder, 'taken', name);
    for (const name of ['a.npy', 'd.safetensors']) await mkdir(out(name), { recursive: true });
    expect(await run('embed', checkpoint, sound, '--heads', '2', '--out', out('a.npy'))).toBe(1);
    expect(said).toMatch(/--out .*a\.npy: expected a file, got a folder; name a file in it/);
    expect(await run('convert', checkpoint, out('d.safetensors'))).toBe(1);
    expect(said).toMatch(/<to> .*d\.safetensors: expected a file, got a folder/);
  });

  it.each<[string, string[], number, RegExp]>([
    ['a checkpoint that is missing', ['embed', 'none.pt', 'SOUND'], 1, /none\.pt: no such file/],
    ['a sound that is missing', ['embed', 'CHECKPOINT', 'none.wav'], 1, /none\.wav: no such file; check the path/],
    [
      'a file that is no checkpoint',
      ['embed', 'package.json', 'SOUND'],
      1,
      /package\.json: expected a PyTorch checkpoint/,
    ],
    ['heads that must be given', ['embed', 'CHECKPOINT', 'SOUND'], 1, /give --heads/],
    [
      'a layer that is not there',
      ['embed', 'CHECKPOINT', 'SOUND', '--heads', '2', '--layers', '7'],
      1,
      /--layers 7: the encoder has the blocks 0 to 1/,
    ],
    [
      'layers that are no list',
      ['embed', 'CHECKPOINT', 'SOUND', '--layers', 'last'],
      2,
      /numbers from 0 such as 3,7,11, or all/,
    ],
    [
      'a teacher that is not there',
      ['embed', 'CHECKPOINT', 'SOUND', '--heads', '2', '--network', 'teacher'],
      1,
      /has no teacher; take its student/,
    ],
    [
      'a probe in place of an encoder',
      ['embed', 'PROBE', 'SOUND'],
      1,
      /linear probe of 2 classes and has no encoder; give the checkpoint of one/,
    ],
    [
      'a head that is not there',
      ['classify', 'CHECKPOINT', 'SOUND', '--heads', '2'],
      1,
      /has no class head; give a file of one as --probe/,
    ],
    ['a type of file to convert to', ['convert', 'CHECKPOINT', 'x.onnx'], 2, /\.safetensors, \.pt or \.pth/],
  ])('refuses %s in one message', async (_, args, code, message) => {
    const known: Record<string, string> = { CHECKPOINT: checkpoint, PROBE: await probeOf(2), SOUND: sound };
    const given = args.map((arg) => known[arg] ?? arg);
    const out = given[0] === 'embed' ? ['--out', join(folder, 'x.npy')] : [];
    expect(await run(...given, ...out)).toBe(code);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/\n {4}at /);
    expect(said).not.toContain('`');
    expect(existsSync(join(folder, 'x.npy'))).toBe(false);
  });
});

describe('audio-ssl convert', () => {
  it('says what it did, and writes what needs no --heads', async () => {
    const there = join(folder, 'there.safetensors');
    expect(await run('convert', checkpoint, there, '--heads', '2'), said).toBe(0);
    expect(said).toMatch(
      /student_encoder\.blocks\.\*\.attn\.qkv\.weight +encoder\.blocks\.\*\.attn\.qkv\.kernel +\[16, 48\] +transposed +2/,
    );
    expect(said).toContain(
      'MATPAC encoder under the names of audio-ssl: 30 tensors mapped (9 transposed), 0 computed, 0 parts missing, 0 left over',
    );
    expect(await run('embed', there, sound, '--out', join(folder, 'there.npy'))).toBe(0);
  });
});

describe('audio-ssl classify', () => {
  it('names classes as lines or as JSON', { timeout: 60_000 }, async () => {
    const broken = join(folder, 'broken sound.wav');
    await writeFile(broken, 'no sound');
    const args = ['classify', checkpoint, sound, broken, '--probe', await probeOf(20), '--heads', '2'];
    expect(await run(...args, '--json', '--top', '3')).toBe(1);
    const [first] = said
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { file: string; classes: object[] });
    expect(first).toMatchObject({ file: sound });
    expect(first!.classes).toHaveLength(3);
    expect(said).toMatch(/failed: .*broken sound\.wav/);
    const names = join(folder, 'names.txt');
    await writeFile(names, Array.from({ length: 20 }, (_, i) => `name ${i}\n`).join(''));
    said = '';
    await run(...args, '--labels', names);
    expect(said).toMatch(/0\.\d{3} {2}name \d+/);
  });

  it('names the flags that decide what a head is', async () => {
    const args = ['classify', checkpoint, sound, '--heads', '2', '--probe'];
    expect(await run(...args, await probeOf(20), '--task', 'fsd50k')).toBe(2);
    expect(said).toContain('--task fsd50k has 200 classes, the head has 20');
    expect(await run(...args, await probeOf(50))).toBe(2);
    expect(said).toMatch(
      /--task esc50 \(ESC-50: softmax\) or --task mtg_top50 \(MTG-Jamendo top 50: sigmoid\), or --activation/,
    );
    expect(await run(...args, await probeOf(50), '--activation', 'softmax')).toBe(0);
    expect(said).toMatch(/a file of their names as --labels \(ESC-50: .*; MTG-Jamendo top 50: /);
  });

  it('says that it will begin again when it is stopped', async () => {
    const activation = ['--activation', 'softmax'];
    const stopped = run('classify', checkpoint, sounds, '--heads', '2', ...activation, '--probe', checkpoint);
    process.emit('SIGINT');
    await stopped;
    expect(said).toContain('finishing this sound');
    const words = { first: 'first', second: 'second', stopped: 'begins again' };
    const work = withInterrupts(async (signal) => {
      process.emit('SIGINT');
      signal.throwIfAborted();
    }, words);
    expect(printError(await work.catch((error: unknown) => error))).toBe(130);
    expect(said).toContain('audio-ssl: begins again');
    expect(said).not.toContain('resumes');
  });
});

describe('audio-ssl pretrain --init', () => {
  it('starts from a checkpoint, here that of another run in the authors’ names', { timeout: 240_000 }, async () => {
    const [first, second, converted] = ['first', 'second', 'first.pt'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const pretrain = (out: string, ...more: string[]): Promise<number> =>
      run(
        'pretrain',
        '--data',
        notes,
        '--dataset',
        'nsynth',
        '--preset',
        'demo',
        '--out',
        out,
        ...tinyArguments,
        ...more,
      );
    expect(await pretrain(first), said).toBe(0);
    const plain = join(folder, 'plain.pt');
    expect(await run('convert', first, plain), said).toBe(0);
    expect(said).toMatch(/audio-ssl training checkpoint under the names of matpac: .* 0 parts missing/);
    // Something in it that has no place in a state of ours.
    const file = await openTensors(await openFile(plain));
    const odd = { dtype: 'F32' as const, shape: [2], data: async () => new Float32Array(2) };
    const tensors = [...file.tensors].map(
      ([name, { shape }]) => [name, { ...odd, shape, data: async () => (await file.read(name)).data }] as const,
    );
    await writeFile(converted, pytorchChunks(new Map([...tensors, ['model.odd.weight', odd]])));
    await file.close();
    // A learning rate of almost nothing keeps the student as it came.
    said = '';
    expect(await pretrain(second, '--init', converted, '--set', 'optimizer.learningRate=1e-12'), said).toBe(0);
    expect(said).toMatch(
      /init: MATPAC training checkpoint .*first\.pt: student\.patch_embed, .*teacher\.head, center; fresh: moments; left over: model\.odd\.weight\n/,
    );
    const weights = async (out: string) => readSafetensors(await readFile(join(out, 'weights.safetensors'))).tensors;
    const [before, after] = [await weights(first), await weights(second)];
    for (const [name, { data }] of after) {
      const start = before.get(name)!.data;
      expect(Math.max(...data.map((value, i) => Math.abs(value - start[i]!))), name).toBeLessThan(1e-10);
    }
    // The folder of a run, its weights and what they are converted to give the same features.
    const vectors: number[][] = [];
    for (const [i, from] of [first, join(first, 'weights.safetensors')].entries()) {
      const out = join(folder, `own-${i}.npy`);
      expect(await run('embed', from, sound, '--out', out), said).toBe(0);
      vectors.push([...(await npy(out)).data]);
    }
    expect(vectors[1]).toEqual(vectors[0]);
    // Another start is another run; the same command resumes.
    expect(await pretrain(second, '--set', 'optimizer.learningRate=1e-12')).toBe(1);
    expect(said).toMatch(/init .*first\.pt -> none/);
    expect(await pretrain(second, '--init', converted, '--set', 'optimizer.learningRate=1e-12'), said).toBe(0);
    expect(await pretrain(join(folder, 'third'), '--init', checkpoint)).toBe(1);
    expect(said).toMatch(/some encoder\.bin \(MATPAC encoder\): .* the options make it \[\d+/);
    // A wrong checkpoint is refused before any sound is read, and leaves nothing that keeps the right one out.
    const third = join(folder, 'third');
    await writeFile(join(folder, 'notes.txt'), 'no checkpoint');
    for (const [wrong, message] of [
      [join(folder, 'no-such.pt'), /no-such\.pt: no such file/],
      [join(folder, 'notes.txt'), /notes\.txt/],
    ] as const) {
      said = '';
      expect(await pretrain(third, '--init', wrong)).toBe(1);
      expect(said).toMatch(message);
      expect(said).not.toContain('log-mels');
    }
    const [several, plus] = [join(folder, 'several'), join(folder, 'plus.pt')];
    expect(await pretrain(several, '--set', 'variant=matpacPlusPlus'), said).toBe(0);
    expect(await run('convert', several, plus), said).toBe(0);
    said = '';
    expect(await pretrain(third, '--init', plus)).toBe(1);
    expect(said).toContain('add --set variant=matpacPlusPlus');
    expect(await pretrain(third, '--init', converted), said).toBe(0);
  });
});
