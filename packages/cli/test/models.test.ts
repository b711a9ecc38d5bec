import { convertCheckpoint, createExtractor, loadModel } from '@audio-ssl/pretrained';
import {
  byteSource,
  fromTensors,
  openTensors,
  pytorchChunks,
  readSafetensors,
  safetensorsChunks,
  writeSafetensors,
  type SafetensorsEntry,
} from '@audio-ssl/tensor-files';
import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { openFile } from '@audio-ssl/tensor-files/node';
import { sharedFolder } from '@audio-ssl/testing';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import wavefile from 'wavefile';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../src/cli.js';
import { embed } from '@audio-ssl/experiment';
import { openFeatureStore } from '@audio-ssl/experiment';
import { listSounds } from '@audio-ssl/experiment';
import { withInterrupts } from '../src/interrupts.js';
import { readLabels } from '@audio-ssl/experiment';
import { printError } from '../src/print-error.js';
import { writeFeatures } from '@audio-ssl/experiment';
import { tinyArguments, tinyNotes } from '@audio-ssl/testing';

let folder: string;
let checkpoint: string;
let sounds: string;
let said = '';

const DIMS = 5 * 16;

function wav(samples: number, rate = 16_000): Uint8Array {
  const file = new wavefile.WaveFile();
  file.fromScratch(1, rate, '32f', Float32Array.from({ length: samples }, randomStream(samples)));
  return file.toBuffer();
}

const entry = (shape: number[], of: () => number): SafetensorsEntry => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, of),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
  const encoder = initSpectrogramEncoder({ embedDim: 16, depth: 2, numHeads: 2, patch: [16, 16] }, randomStream(1));
  const ours = writeSafetensors(await fromTensors(leaves(encoder)), { numHeads: '2' });
  disposeTree(encoder);
  const { tensors } = await convertCheckpoint(await openTensors(byteSource(ours)), 'matpac');
  checkpoint = join(folder, 'some encoder.bin'); // what it is shows in it, not in its name
  await writeFile(checkpoint, pytorchChunks(tensors));
  sounds = join(folder, 'sounds');
  await mkdir(join(sounds, 'below'), { recursive: true });
  for (const [i, samples] of [16_000, 16_000, 5000, 120_000, 16_000, 400, 16_000, 9000, 16_000, 30_000].entries()) {
    await writeFile(join(sounds, i % 2 ? 'below' : '.', `${i}.wav`), wav(samples, i === 4 ? 22_050 : 16_000));
  }
  await writeFile(join(sounds, 'broken.wav'), 'no sound');
  await writeFile(join(sounds, 'notes.txt'), 'not a sound');
});
afterAll(() => rm(folder, { recursive: true }));
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
const jsonl = async <T>(path: string): Promise<T[]> =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
const npy = async (path: string) => (await openTensors(await openFile(path))).read('array');

describe('audio-ssl embed', () => {
  it('writes the same vectors into every type of file, and lists what failed', { timeout: 120_000 }, async () => {
    const out = (type: string): string => join(folder, `mean${type}`);
    for (const type of ['.npy', '.safetensors', '.jsonl', '.parquet']) {
      expect(await run('embed', checkpoint, sounds, '--heads', '2', '--out', out(type)), said).toBe(1);
      expect(said).toContain('1 files failed; they are listed in');
      const failed = await jsonl<{ file: string; reason: string }>(`${out(type)}.failed.jsonl`);
      expect(failed).toEqual([{ file: join(sounds, 'broken.wav'), reason: expect.stringContaining('') as string }]);
      expect(existsSync(`${out(type)}.unfinished`)).toBe(false);
      expect(existsSync(`${out(type)}.partial`)).toBe(false);
    }
    const { shape, data } = await npy(out('.npy'));
    expect(shape).toEqual([10, DIMS]);
    const rows = await jsonl<{ file: string; first: number; rows: number }>(`${out('.npy')}.files.jsonl`);
    expect(rows.map(({ first, rows: count }) => [first, count])).toEqual(Array.from({ length: 10 }, (_, i) => [i, 1]));
    const vector = (i: number): number[] => [...data.slice(i * DIMS, (i + 1) * DIMS)];
    const byFile = new Map(rows.map(({ file, first }) => [file, vector(first)]));

    const lines = await jsonl<{ file: string; embedding: number[] }>(out('.jsonl'));
    expect(new Map(lines.map(({ file, embedding }) => [file, embedding]))).toEqual(byFile);
    const { tensors, metadata } = readSafetensors(await readFile(out('.safetensors')));
    expect(new Map([...tensors].map(([file, tensor]) => [file, [...tensor.data]]))).toEqual(byFile);
    expect(metadata).toMatchObject({ pooling: 'time mean', model: 'MATPAC encoder' });
    const table = (await parquetReadObjects({ file: await asyncBufferFromFile(out('.parquet')) })) as {
      file: string;
      embedding: number[];
    }[];
    expect(new Map(table.map(({ file, embedding }) => [file, embedding]))).toEqual(byFile);

    // They are what the extractor gives.
    const model = await loadModel(await openTensors(await openFile(checkpoint)), { numHeads: 2 });
    const extract = createExtractor(model.weights, { ...model.settings, time: 'mean' });
    const samples = Float32Array.from({ length: 16_000 }, randomStream(16_000));
    const expected = await extract(samples);
    byFile.get(join(sounds, '0.wav'))!.forEach((value, i) => expect(value).toBeCloseTo(expected.data[i]!, 4));
    model.dispose();
  });

  it('writes layers and time steps', { timeout: 120_000 }, async () => {
    const files = ['0.wav', 'below/3.wav'].map((name) => join(sounds, name));
    const out = (type: string): string => join(folder, `frames${type}`);
    for (const type of ['.npy', '.safetensors', '.jsonl', '.parquet']) {
      const args = ['--frames', '--layers', '1,0', '--heads', '2', '--out', out(type)];
      expect(await run('embed', checkpoint, ...files, ...args), said).toBe(0);
      expect(existsSync(`${out(type)}.failed.jsonl`)).toBe(false);
    }
    const [first, second] = [7, 47]; // 98 and 748 frames in patches of 16
    const { shape, data } = await npy(out('.npy'));
    expect(shape).toEqual([first + second, 2, DIMS]);
    const { tensors } = readSafetensors(await readFile(out('.safetensors')));
    expect([...tensors.values()].map((tensor) => tensor.shape)).toEqual([
      [first, 2, DIMS],
      [second, 2, DIMS],
    ]);
    expect([...tensors.values()].flatMap((tensor) => [...tensor.data])).toEqual([...data]);
    const lines = await jsonl<{ embedding: number[][][] }>(out('.jsonl'));
    expect(lines.flatMap(({ embedding }) => embedding.flat(2))).toEqual([...data]);
    const table = (await parquetReadObjects({ file: await asyncBufferFromFile(out('.parquet')) })) as {
      file: string;
      seconds: number;
      layer: number;
      embedding: number[];
    }[];
    expect(table.flatMap(({ embedding }) => embedding)).toEqual([...data]);
    expect(table.slice(0, 4).map(({ seconds, layer }) => [seconds, layer])).toEqual([
      [0, 1],
      [0, 0],
      [0.16, 1],
      [0.16, 0],
    ]);
    // Layer 1 is the last one.
    expect(await run('embed', checkpoint, ...files, '--frames', '--heads', '2', '--out', out('.last.npy'))).toBe(0);
    const last = await npy(out('.last.npy'));
    expect(last.shape).toEqual([first + second, DIMS]);
    last.data.forEach((value, i) => expect(value).toBeCloseTo(data[Math.floor(i / DIMS) * 2 * DIMS + (i % DIMS)]!, 4));
    // One layer alone is no axis; patches may be averaged, pieces filled up.
    expect(
      await run(
        'embed',
        checkpoint,
        files[0]!,
        '--layers',
        '0',
        '--frequency',
        'mean',
        '--heads',
        '2',
        '--out',
        out('.one.npy'),
      ),
    ).toBe(0);
    expect((await npy(out('.one.npy'))).shape).toEqual([1, 16]);
    expect(
      await run(
        'embed',
        checkpoint,
        files[0]!,
        '--mode',
        'fast',
        '--frames',
        '--heads',
        '2',
        '--out',
        out('.fast.npy'),
      ),
    ).toBe(0);
    expect((await npy(out('.fast.npy'))).shape).toEqual([38, DIMS]);
  });

  it('takes a sound of any length, as the extractor does', async () => {
    const [short, odd, out] = ['short.wav', 'odd.wav', 'short.npy'].map((name) => join(folder, name));
    await writeFile(short!, wav(100));
    await writeFile(odd!, wav(100, 1));
    expect(await run('embed', checkpoint, short!, odd!, '--heads', '2', '--out', out!)).toBe(1);
    expect(said).toMatch(/failed: .*odd\.wav: decodeAudio: expected a sample rate from 1000 /);
    expect(said).not.toMatch(/failed: .*short\.wav/);
    const model = await loadModel(await openTensors(await openFile(checkpoint)), { numHeads: 2 });
    const extract = createExtractor(model.weights, { ...model.settings, time: 'mean' });
    const { data: expected } = await extract(Float32Array.from({ length: 100 }, randomStream(100)));
    (await npy(out!)).data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    model.dispose();
  });

  it('goes on where it was stopped, and starts anew with other settings', { timeout: 120_000 }, async () => {
    const out = join(folder, 'resumed.npy');
    const options = { checkpoint, inputs: [sounds], out, heads: 2, frames: true } as const;
    let asked = 0;
    const stop = (after: number): AbortSignal =>
      ({
        throwIfAborted: () => {
          if (++asked > after) throw new DOMException('stopped', 'AbortError');
        },
      }) as unknown as AbortSignal;
    await expect(embed({ ...options, signal: stop(9) })).rejects.toThrow('stopped');
    expect(existsSync(out)).toBe(false);
    const journal = join(`${out}.unfinished`, 'journal.jsonl');
    expect((await readFile(journal, 'utf8')).trim().split('\n')).toHaveLength(1 + 8);
    // A crash in the middle of a write: half a line in the journal, rows that nothing tells of.
    await appendFile(journal, '{"file":"half');
    await appendFile(join(`${out}.unfinished`, 'rows.f32'), new Uint8Array(12));
    said = '';
    const whole = await embed(options);
    expect(said).toContain('going on: 8 of 11 files are done');
    expect([whole.count, whole.failed.length]).toEqual([10, 1]);
    const resumed = await npy(out);
    await copyFile(out, join(folder, 'kept.npy'));
    said = '';
    await embed(options);
    expect(said).not.toContain('going on');
    expect(await npy(out)).toEqual(resumed);

    asked = 0;
    await expect(embed({ ...options, signal: stop(9) })).rejects.toThrow('stopped');
    said = '';
    await embed({ ...options, frames: false });
    expect(said).not.toContain('going on');
    expect((await npy(out)).shape).toEqual([10, DIMS]);
  });

  it('keeps of a damaged store what is whole', async () => {
    const path = join(folder, 'store');
    const stamp = { size: 1, modified: 2 };
    const rows = (file: string, ...values: number[]) => [{ file, stamp, rows: Float32Array.from(values) }];
    const store = await openFeatureStore(path, { a: 1 }, 2);
    for (let i = 0; i < 4; i++) await store.append(rows(`${i}.wav`, i, i, i, i));
    await store.close();
    await truncate(join(path, 'rows.f32'), 3 * 16 - 4); // less than the journal tells
    const again = await openFeatureStore(path, { a: 1 }, 2);
    const all = ['0.wav', '1.wav', '2.wav', '3.wav', 'x.wav'];
    expect(again.select(all)).toEqual([
      { file: '0.wav', first: 0, rows: 2 },
      { file: '1.wav', first: 2, rows: 2 },
    ]);
    await again.append(rows('x.wav', 9, 9));
    const values: number[] = [];
    for await (const piece of again.read(1, 4)) values.push(...piece);
    expect(values).toEqual([0, 0, 1, 1, 1, 1, 9, 9]);
    // A file that comes again takes the place of the earlier one, here and in what is opened anew.
    await again.append(rows('0.wav', 7, 7));
    await again.close();
    const last = await openFeatureStore(path, { a: 1 }, 2);
    expect(last.select(['x.wav', '0.wav'])).toEqual([
      { file: 'x.wav', first: 4, rows: 1 },
      { file: '0.wav', first: 5, rows: 1 },
    ]);
    expect(
      [stamp, { ...stamp, size: 2 }, { ...stamp, modified: 3 }, undefined].map((one) => last.has('0.wav', one)),
    ).toEqual([...[true, false, false, false]]);
    await last.close();
    const other = await openFeatureStore(path, { a: 2 }, 2);
    expect(other.select(all)).toEqual([]);
    await other.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('has its store to itself, and rows on the disk before the line that tells of them', async () => {
    const path = join(folder, 'locked');
    const store = await openFeatureStore(path, {}, 1);
    await expect(openFeatureStore(path, {}, 1)).rejects.toThrow(/process \d+ on .* is writing to .*; .*another --out/);
    const handle = await open(join(path, 'journal.jsonl'));
    const journals: string[] = [];
    const synced = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'datasync').mockImplementation(async () => {
      journals.push(await readFile(join(path, 'journal.jsonl'), 'utf8'));
    });
    await store.append([{ file: 'a', stamp: undefined, rows: new Float32Array(1) }]);
    synced.mockRestore();
    await handle.close();
    expect(journals).toEqual(['{"width":1}\n']);
    await store.close();
    // That of a process that is gone is taken over.
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, started: '0', host: hostname() }));
    await (await openFeatureStore(path, {}, 1)).remove();
  });

  it(
    'goes on only with the sounds that are asked for, in their order, as they are now',
    { timeout: 120_000 },
    async () => {
      const out = join(folder, 'mixed.npy');
      const inputs = ['0.wav', 'below/1.wav', '2.wav'].map((name) => join(folder, 'copies', name));
      await cp(sounds, join(folder, 'copies'), { recursive: true });
      const stopped = async (names: readonly string[]): Promise<void> => {
        let asked = 0;
        const signal = {
          throwIfAborted: () => {
            if (++asked > 8) throw new DOMException('stopped', 'AbortError');
          },
        } as unknown as AbortSignal;
        await expect(embed({ checkpoint, inputs: names, out, heads: 2, signal })).rejects.toThrow('stopped');
        said = '';
      };
      const alone = async (path: string): Promise<number[]> => {
        await embed({ checkpoint, inputs: [path], out: join(folder, 'alone.npy'), heads: 2 });
        return [...(await npy(join(folder, 'alone.npy'))).data];
      };
      await stopped([join(folder, 'copies')]);
      const one = await embed({ checkpoint, inputs: [inputs[2]!], out, heads: 2 });
      expect(said).toContain('going on: 1 of 1 files are done');
      expect(one.count).toBe(1);
      expect([...(await npy(out)).data]).toEqual(await alone(inputs[2]!));

      await stopped([join(folder, 'copies')]);
      await writeFile(inputs[1]!, wav(7777));
      await embed({ checkpoint, inputs: [...inputs].reverse(), out, heads: 2 });
      expect(said).toContain('going on: 2 of 3 files are done');
      const places = await jsonl<{ file: string; first: number; rows: number }>(`${out}.files.jsonl`);
      expect(places).toEqual([...inputs].reverse().map((file, first) => ({ file, first, rows: 1 })));
      const { data } = await npy(out);
      for (const [i, path] of [...inputs].reverse().entries()) {
        const expected = await alone(path);
        data.slice(i * DIMS, (i + 1) * DIMS).forEach((value, k) => expect(value).toBeCloseTo(expected[k]!, 4));
      }
    },
  );

  it('writes long sounds vector by vector', async () => {
    const [dims, rows] = [3840, 600];
    const store = {
      width: dims,
      async *read(first: number, count: number) {
        for (let row = first; row < first + count; row++)
          yield Float32Array.from({ length: dims }, (_, i) => row + i / 8);
      },
    };
    const files = [{ file: 'hour.wav', first: 0, rows }];
    const shape = { perFrame: true, layers: undefined, dims, secondsPerFrame: 0.16, metadata: {} };
    const stringify = vi.spyOn(JSON, 'stringify');
    await writeFeatures({ store, files }, shape, join(folder, 'long.jsonl'));
    const longest = Math.max(...stringify.mock.results.map(({ value }) => String(value).length));
    stringify.mockRestore();
    expect(longest).toBeLessThan(20 * dims);
    const [line] = await jsonl<{ file: string; embedding: number[][] }>(join(folder, 'long.jsonl'));
    expect([line!.file, line!.embedding.length, line!.embedding[599]![8]]).toEqual(['hour.wav', rows, 600]);
    await writeFeatures({ store, files }, shape, join(folder, 'long.parquet'));
    const file = await asyncBufferFromFile(join(folder, 'long.parquet'));
    const { row_groups } = await parquetMetadataAsync(file);
    expect(row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([274, 274, 52]); // 2^20 values or a row more
  });

  it(
    'says which file a full disk did not take, and goes on when there is room',
    { timeout: 120_000 },
    async ({ skip }) => {
      const disk = join(folder, 'disk');
      await mkdir(disk);
      const command = promisify(execFile);
      await command('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]).catch(() =>
        skip('file systems cannot be mounted'),
      );
      try {
        const args = ['embed', checkpoint, join(sounds, '0.wav'), '--heads', '2', '--out', join(disk, 'x.npy')];
        await writeFile(join(disk, 'rest'), Buffer.alloc(2 ** 18)).catch(() => undefined);
        expect(await run(...args)).toBe(1);
        expect(said).toMatch(/cannot write .*x\.npy.* \(ENOSPC.*\); make room, then run the same command again/);
        await rm(join(disk, 'rest'));
        expect(await run(...args), said).toBe(0);
        expect(await readdir(disk)).toEqual(['x.npy', 'x.npy.files.jsonl']);
      } finally {
        await command('umount', [disk]);
      }
    },
  );

  it('sees before the work what can not be written', async () => {
    const out = (name: string): string => join(folder, 'taken', name);
    for (const name of ['a.npy', 'b.npy.files.jsonl', 'c.npy.failed.jsonl', 'd.safetensors'])
      await mkdir(out(name), { recursive: true });
    await writeFile(out('e.npy.unfinished'), '');
    const embedInto = (name: string): Promise<number> =>
      run('embed', checkpoint, join(sounds, '0.wav'), '--heads', '2', '--out', out(name));
    for (const name of ['a.npy', 'b.npy', 'c.npy', 'e.npy']) expect(await embedInto(name)).toBe(1);
    expect(said).toMatch(/--out .*a\.npy: expected a file, got a folder; name a file in it/);
    expect(said).toMatch(/--out .*b\.npy\.files\.jsonl: expected a file, got a folder/);
    expect(said).toMatch(/--out .*c\.npy\.failed\.jsonl: expected a file, got a folder/);
    expect(said).toMatch(/e\.npy\.unfinished is a file; move it away/);
    expect(await run('convert', checkpoint, out('d.safetensors'))).toBe(1);
    expect(said).toMatch(/<to> .*d\.safetensors: expected a file, got a folder/);
    expect(await run('convert', checkpoint, join(out('e.npy.unfinished'), 'x.pt'))).toBe(1);
    expect(said).toMatch(/<to>: expected a folder that can be written to, got .*e\.npy\.unfinished.* is a file/);
  });

  it('takes a sound or paths from standard input', async () => {
    const stream = async function* (...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
      for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
    };
    const [a, b] = [join(sounds, '0.wav'), join(sounds, '2.wav')];
    const listed = await listSounds([a, '-'], stream(`${b}\n`, `${a}\r\n`));
    expect(listed.sounds.map(({ id }) => id)).toEqual([a, b]);
    await listed.close();
    const bytes = wav(1000);
    const sound = await listSounds(['-'], stream(bytes.slice(0, 100), bytes.slice(100)));
    expect(sound.sounds[0]!.id).toBe('-');
    expect(new Uint8Array(await readFile(sound.sounds[0]!.path))).toEqual(new Uint8Array(bytes));
    await sound.close();
    expect(existsSync(sound.sounds[0]!.path)).toBe(false);
    await expect(listSounds(['-'], stream('no-such.wav\n'))).rejects.toThrow('no-such.wav: no such file');
    const partly = await listSounds(['-'], stream(`no-such.wav\n${a}\n`)); // it fails when its turn comes
    expect(partly.sounds.map(({ id }) => id)).toEqual(['no-such.wav', a]);
    await expect(listSounds([a, 'no-such.wav'])).rejects.toThrow('no-such.wav: no such file; check the path');
    const other = listSounds(['-'], stream('OggS\0\x1b[2J', 'x'.repeat(200)));
    await expect(other).rejects.toThrow(/^OggS\?\?\[2Jx+\.\.\.: no such file; expected a WAV or FLAC file or paths/);
    await expect(listSounds(['-'], stream(''))).rejects.toThrow('no sounds');
    for (const path of ['RIFFs.wav', 'ID3.wav', 'fLaC.wav']) {
      await expect(listSounds(['-'], stream(`${path}\n`))).rejects.toThrow(`${path}: no such file`);
    }
    expect((await listSounds([sounds])).sounds).toHaveLength(11);
  });

  it.each<[string, string[], number, RegExp]>([
    ['a checkpoint that is missing', ['embed', 'none.pt', '.'], 1, /none\.pt: no such file|expected \.wav or \.flac/],
    [
      'a file that is no checkpoint',
      ['embed', 'package.json', 'SOUND'],
      1,
      /package\.json: expected a PyTorch checkpoint/,
    ],
    ['heads that must be told', ['embed', 'CHECKPOINT', 'SOUND'], 1, /give numHeads \(--heads\)/],
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
      /linear probe of 2 classes and has no encoder; give the checkpoint of one, .*--probe/,
    ],
    [
      'a head that is not there',
      ['classify', 'CHECKPOINT', 'SOUND', '--heads', '2'],
      1,
      /has no class head; give a probe with --probe/,
    ],
    ['a type of file to convert to', ['convert', 'CHECKPOINT', 'x.onnx'], 2, /\.safetensors, \.pt or \.pth/],
  ])('refuses %s in one message', async (_, args, code, message) => {
    const probe = join(folder, 'two.safetensors');
    const entries = [
      ['probe.weight', entry([2, DIMS], () => 0)],
      ['probe.bias', entry([2], () => 0)],
    ] as const;
    await writeFile(probe, writeSafetensors(new Map(entries)));
    const known: Record<string, string> = { CHECKPOINT: checkpoint, PROBE: probe, SOUND: join(sounds, '0.wav') };
    const given = args.map((arg) => known[arg] ?? arg);
    expect(
      await runCli(
        given.includes('--out') || given[0] !== 'embed' ? given : [...given, '--out', join(folder, 'x.npy')],
      ),
    ).toBe(code);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/\n {4}at /);
    expect(existsSync(join(folder, 'x.npy'))).toBe(false);
  });
});

describe('audio-ssl convert', () => {
  it('says what it did; there and back is the same checkpoint', async () => {
    const [there, back] = [join(folder, 'there.safetensors'), join(folder, 'back.pth')];
    expect(await run('convert', checkpoint, there, '--heads', '2'), said).toBe(0);
    expect(said).toMatch(
      /student_encoder\.blocks\.\*\.attn\.qkv\.weight +encoder\.blocks\.\*\.attn\.qkv\.kernel +\[16, 48\] +transposed +2/,
    );
    expect(said).toContain(
      'MATPAC encoder under the names of audio-ssl: 30 tensors mapped (9 transposed), 0 computed, 0 parts missing, 0 left over',
    );
    expect(await run('convert', there, back)).toBe(0);
    const [source, result] = await Promise.all(
      [checkpoint, back].map(async (path) => openTensors(await openFile(path))),
    );
    expect([...result!.tensors.keys()].sort()).toEqual([...source!.tensors.keys()].sort());
    for (const name of source!.tensors.keys()) expect(await result!.read(name), name).toEqual(await source!.read(name));
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
    // What was written needs no --heads.
    expect(await run('embed', there, join(sounds, '0.wav'), '--out', join(folder, 'there.npy'))).toBe(0);
  });

  it('computes positions in a process of its own, where no backend runs', { timeout: 120_000 }, async () => {
    const ours = join(folder, 'without positions.safetensors');
    const file = await openTensors(await openFile(checkpoint));
    const { tensors } = await convertCheckpoint(file, 'audio-ssl');
    await writeFile(ours, safetensorsChunks(new Map([...tensors].filter(([name]) => name !== 'pos_embed'))));
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const back = join(folder, 'computed.pt');
    const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', main, 'convert', ours, back];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toMatch(/pos_embed +\[1, 191, 16\] +computed/);
    const computed = await openTensors(await openFile(back));
    expect(await computed.read('pos_embed')).toEqual(await file.read('pos_embed'));
  });
});

describe('audio-ssl classify', () => {
  it('names classes with a probe', { timeout: 60_000 }, async () => {
    const probe = join(folder, 'probe.safetensors');
    const uniform = randomStream(5);
    const weights = new Map([
      ['probe.weight', entry([20, DIMS], () => uniform() - 0.5)],
      ['probe.bias', entry([20], uniform)],
    ]);
    await writeFile(probe, writeSafetensors(weights));
    const args = [
      'classify',
      checkpoint,
      join(sounds, '0.wav'),
      join(sounds, 'broken.wav'),
      '--probe',
      probe,
      '--heads',
      '2',
    ];
    expect(await run(...args, '--json', '--top', '3')).toBe(1);
    const [first] = said
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { classes: { label: string; index: number; probability: number }[] });
    expect(first!.classes).toHaveLength(3);
    expect(said).toMatch(/failed: .*broken\.wav/);
    // OpenMIC, as 20 classes tell: several labels, so each has a probability of its own.
    const openmic = [
      'accordion',
      'banjo',
      'bass',
      'cello',
      'clarinet',
      'cymbals',
      'drums',
      'flute',
      'guitar',
      'mallet_percussion',
    ];
    for (const { label, index } of first!.classes) if (index < 10) expect(label).toBe(openmic[index]);
    said = '';
    expect(await run(...args, '--json', '--top', '20', '--activation', 'softmax')).toBe(1);
    const all = JSON.parse(said.split('\n').find((line) => line.startsWith('{'))!) as typeof first;
    expect(all!.classes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    const names = join(folder, 'names.txt');
    await writeFile(names, Array.from({ length: 20 }, (_, i) => `name ${i}\n`).join(''));
    said = '';
    await run(...args, '--labels', names);
    expect(said).toMatch(/0\.\d{3} {2}name \d+/);
    expect(await run(...args, '--task', 'fsd50k')).toBe(2);
    expect(said).toContain('--task fsd50k has 200 classes, the head has 20');
    const wide = join(folder, 'wide.safetensors');
    await writeFile(
      wide,
      writeSafetensors(
        new Map([
          ['probe.weight', entry([50, 3840], () => 0)],
          ['probe.bias', entry([50], () => 0)],
        ]),
      ),
    );
    said = '';
    const fifty = ['classify', checkpoint, join(sounds, '0.wav'), '--probe', wide, '--heads', '2'];
    const fiftyNames = join(folder, 'fifty.json');
    await writeFile(fiftyNames, JSON.stringify(Array.from({ length: 50 }, (_, i) => `name ${i}`)));
    for (const more of [[], ['--labels', fiftyNames]]) {
      said = '';
      expect(await run(...fifty, ...more)).toBe(2);
      expect(said).toMatch(
        /--task esc50 \(ESC-50: softmax\) or --task mtg_top50 \(MTG-Jamendo top 50: sigmoid\), or --activation/,
      );
    }
    expect(await run(...fifty, '--activation', 'softmax')).toBe(1);
    expect(said).toMatch(/names come from --labels FILE \(ESC-50: .*; MTG-Jamendo top 50: /);
    expect(said).toMatch(/expected a feature of 3840 values, got 80/);
  });

  it('says that it will begin again when it is stopped', async () => {
    const stopped = run(
      'classify',
      checkpoint,
      sounds,
      '--heads',
      '2',
      '--activation',
      'softmax',
      '--probe',
      checkpoint,
    );
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
    expect(said).not.toContain('goes on');
  });

  it('reads class names as data sets have them', async () => {
    const path = join(folder, 'labels');
    const given = async (text: string, classes: number): Promise<string[]> => {
      await writeFile(path, text);
      return readLabels(path, classes);
    };
    expect(await given('{"bass": 1, "accordion": 0}', 2)).toEqual(['accordion', 'bass']);
    expect(await given('{"1": "rooster", "0": "dog"}', 2)).toEqual(['dog', 'rooster']);
    expect(await given('["dog", "rooster"]', 2)).toEqual(['dog', 'rooster']);
    expect(await given('index,name\n0,a\n1,"b, c"\n', 2)).toEqual(['a', 'b, c']);
    expect(await given('filename,fold,target,category\nx,1,1,cat\ny,1,0,dog\nz,2,1,cat\n', 2)).toEqual(['dog', 'cat']);
    expect(await given('0,Accordion,/m/1\n1,Banjo,/m/0\n', 2)).toEqual(['Accordion', 'Banjo']);
    expect(await given('index,mid,display_name\n0,/m/1,one\n1,/m/0,zero\n', 2)).toEqual(['zero', 'one']);
    expect(await given('dog\ncat, wild\n', 2)).toEqual(['dog', 'cat, wild']);
    await expect(given('dog\ncat\n', 3)).rejects.toThrow('names 2 classes, the head has 3');
    await expect(given('{"a": 0', 1)).rejects.toThrow('is not valid JSON');
    await expect(readLabels(join(folder, 'none.csv'), 1)).rejects.toThrow('no such file; check --labels');
  });

  const labels = sharedFolder('data/labels');
  it.skipIf(!labels)('reads the lists of the published probes', async () => {
    expect((await readLabels(join(labels!, 'mtg-jamendo-genre.csv'), 87))[0]).toBe('genre---60s');
    expect((await readLabels(join(labels!, 'mtg-jamendo-top50.csv'), 50))[0]).toBe('genre---alternative');
    expect(await readLabels(join(labels!, 'audioset.csv'), 527)).toHaveLength(527);
    expect((await readLabels(join(labels!, '../esc50/meta/esc50.csv'), 50)).slice(0, 2)).toEqual(['dog', 'rooster']);
  });
});

describe('audio-ssl pretrain --init', () => {
  it('starts from a checkpoint, here that of another run in the authors’ names', { timeout: 240_000 }, async () => {
    const notes = await tinyNotes();
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
      expect(await run('embed', from, join(sounds, 'below', '3.wav'), '--out', out), said).toBe(0);
      vectors.push([...(await npy(out)).data]);
    }
    expect(vectors[1]).toEqual(vectors[0]);
    // Another start is another run; the same command goes on.
    expect(await pretrain(second, '--set', 'optimizer.learningRate=1e-12')).toBe(1);
    expect(said).toMatch(/init .*first\.pt -> none/);
    expect(await pretrain(second, '--init', converted, '--set', 'optimizer.learningRate=1e-12'), said).toBe(0);
    expect(await pretrain(join(folder, 'third'), '--init', checkpoint)).toBe(1);
    expect(said).toMatch(/some encoder\.bin \(MATPAC encoder\): .* the options make it \[\d+/);
    // A wrong checkpoint is refused before any sound is read, and leaves nothing that keeps the right one out.
    const third = join(folder, 'third');
    for (const [wrong, message] of [
      [join(folder, 'no-such.pt'), /no-such\.pt: no such file/],
      [join(sounds, 'notes.txt'), /notes\.txt/],
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
    await rm(notes, { recursive: true });
  });
});
