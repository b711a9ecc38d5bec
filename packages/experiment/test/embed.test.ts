import { createLogMel } from '@audio-ssl/audio-frontend';
import { createExtractor, loadModel } from '@audio-ssl/pretrained';
import { randomStream } from '@audio-ssl/params';
import { openTensors, readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embed, type EmbedOptions } from '../src/embed/embed.js';
import { InputError } from '../src/input-error.js';
import { collecting } from './collecting.js';
import { jsonl, npy } from './read-features.js';
import { DIMS, entry, tinyCheckpoint, tinyRun } from './tiny-models.js';
import { stereo, tinySounds, wav, wavOf } from './tiny-sounds.js';

let folder: string;
let checkpoint: string;
let sounds: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embed-'));
  checkpoint = await tinyCheckpoint(folder);
  sounds = await tinySounds(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const embedTiny = (options: Omit<EmbedOptions, 'checkpoint' | 'numHeads'>) =>
  embed({ checkpoint, numHeads: 2, ...options });

/** Stops the work when a number of sounds is done. */
function stopAfter(count: number): Pick<EmbedOptions, 'signal' | 'reporter'> {
  const controller = new AbortController();
  const progress = ({ done }: { readonly done: number }): void => {
    if (done >= count) controller.abort(new DOMException('stopped', 'AbortError'));
  };
  return { signal: controller.signal, reporter: { progress } };
}

/** The mean features of a sound as the extractor gives them. */
async function extracted(samples: Float32Array): Promise<Float32Array> {
  const file = await openTensors(await openFile(checkpoint));
  const model = await loadModel(file, { numHeads: 2 });
  await file.close();
  const extract = createExtractor(model.weights, { ...model.settings, time: 'mean' });
  const { data } = await extract(samples);
  model.dispose();
  return data;
}

describe('embed', () => {
  it('writes the same vectors into every type of file, and lists what failed', { timeout: 120_000 }, async () => {
    const out = (type: string): string => join(folder, `mean${type}`);
    for (const type of ['.npy', '.safetensors', '.jsonl', '.parquet']) {
      const { count, dims, failed, failedList } = await embedTiny({ inputs: [sounds], out: out(type) });
      expect([count, dims, failedList]).toEqual([10, DIMS, `${out(type)}.failed.jsonl`]);
      expect(failed).toEqual([
        { file: join(sounds, 'broken.wav'), reason: expect.stringMatching(/./) as string, cause: 'not audio' },
      ]);
      expect(await jsonl(failedList!)).toEqual(failed);
      expect(existsSync(`${out(type)}.unfinished`)).toBe(false);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
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

    const expected = await extracted(Float32Array.from({ length: 16_000 }, randomStream(16_000)));
    byFile.get(join(sounds, '0.wav'))!.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });

  it('writes layers and time steps', { timeout: 120_000 }, async () => {
    const inputs = ['0.wav', 'below/3.wav'].map((name) => join(sounds, name));
    const out = (type: string): string => join(folder, `frames${type}`);
    for (const type of ['.npy', '.safetensors', '.jsonl', '.parquet']) {
      await embedTiny({ inputs, frames: true, layers: [1, 0], out: out(type) });
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
    await embedTiny({ inputs, frames: true, out: out('.last.npy') });
    const last = await npy(out('.last.npy'));
    expect(last.shape).toEqual([first + second, DIMS]);
    last.data.forEach((value, i) => expect(value).toBeCloseTo(data[Math.floor(i / DIMS) * 2 * DIMS + (i % DIMS)]!, 4));
    // A single layer has no axis; patches may be averaged, pieces filled up.
    await embedTiny({ inputs: [inputs[0]!], layers: [0], frequency: 'mean', out: out('.one.npy') });
    expect((await npy(out('.one.npy'))).shape).toEqual([1, 16]);
    await embedTiny({ inputs: [inputs[0]!], mode: 'fast', frames: true, out: out('.fast.npy') });
    expect((await npy(out('.fast.npy'))).shape).toEqual([38, DIMS]);
  });

  it('takes a sound of any length, as the extractor does', async () => {
    const [short, odd, out] = ['short.wav', 'odd.wav', 'short.npy'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(short, wav(100));
    await writeFile(odd, wav(100, 1));
    const { failed } = await embedTiny({ inputs: [short, odd], out });
    expect(failed).toEqual([
      {
        file: odd,
        reason: expect.stringMatching(/expected a sample rate from /) as string,
        cause: expect.stringMatching(/./) as string,
      },
    ]);
    const expected = await extracted(Float32Array.from({ length: 100 }, randomStream(100)));
    (await npy(out)).data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it('takes a sound from standard input', async () => {
    const out = join(folder, 'stdin.jsonl');
    const stdin = (async function* () {
      yield wav(16_000);
    })();
    await embedTiny({ inputs: ['-'], stdin, out });
    const [line] = await jsonl<{ file: string; embedding: number[] }>(out);
    expect(line!.file).toBe('-');
    const expected = await extracted(Float32Array.from({ length: 16_000 }, randomStream(16_000)));
    line!.embedding.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    await expect(embedTiny({ inputs: ['-'], out })).rejects.toThrow('give it as `stdin`');
  });

  it('resumes where it was stopped, and starts anew with other settings', { timeout: 120_000 }, async () => {
    const out = join(folder, 'resumed.npy');
    const options = { inputs: [sounds], out, frames: true } as const;
    await expect(embedTiny({ ...options, ...stopAfter(8) })).rejects.toThrow('stopped');
    expect(existsSync(out)).toBe(false);
    const journal = join(`${out}.unfinished`, 'journal.jsonl');
    expect((await readFile(journal, 'utf8')).trim().split('\n')).toHaveLength(1 + 8);
    // A crash in the middle of a write: half a line in the journal, rows that are not listed, half a result.
    await appendFile(journal, '{"file":"half');
    await appendFile(join(`${out}.unfinished`, 'rows.f32'), new Uint8Array(12));
    await writeFile(`${out}.123-0123456789ab.tmp`, 'half');
    const resuming = collecting();
    const whole = await embedTiny({ ...options, reporter: resuming });
    expect(resuming.notes).toEqual(['resuming: 8 of 11 files are done']);
    expect([whole.count, whole.failed.length]).toEqual([10, 1]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const resumed = await npy(out);
    await copyFile(out, join(folder, 'kept.npy'));
    const anew = collecting();
    await embedTiny({ ...options, reporter: anew });
    expect(await npy(out)).toEqual(resumed);

    await expect(embedTiny({ ...options, ...stopAfter(8) })).rejects.toThrow('stopped');
    await embedTiny({ ...options, frames: false, reporter: anew });
    expect((await npy(out)).shape).toEqual([10, DIMS]);

    // What a system ffmpeg has read is not kept where it may not read.
    await expect(embedTiny({ ...options, ...stopAfter(8) })).rejects.toThrow('stopped');
    await embedTiny({ ...options, ffmpeg: false, reporter: anew });
    expect(anew.notes).toEqual([]);
  });

  it('resumes with the sounds that are asked for, in their order, as they are now', { timeout: 120_000 }, async () => {
    const out = join(folder, 'mixed.npy');
    const copies = join(folder, 'copies');
    const inputs = ['0.wav', 'below/1.wav', '2.wav'].map((name) => join(copies, name));
    await cp(sounds, copies, { recursive: true });
    const stop = () => expect(embedTiny({ inputs: [copies], out, ...stopAfter(8) })).rejects.toThrow('stopped');
    const alone = async (path: string): Promise<number[]> => {
      await embedTiny({ inputs: [path], out: join(folder, 'alone.npy') });
      return [...(await npy(join(folder, 'alone.npy'))).data];
    };
    await stop();
    const reporter = collecting();
    const one = await embedTiny({ inputs: [inputs[2]!], out, reporter });
    expect(one.count).toBe(1);
    expect([...(await npy(out)).data]).toEqual(await alone(inputs[2]!));

    await stop();
    await writeFile(inputs[1]!, wav(7777));
    await embedTiny({ inputs: [...inputs].reverse(), out, reporter });
    expect(reporter.notes).toEqual(['resuming: 1 of 1 files are done', 'resuming: 2 of 3 files are done']);
    const places = await jsonl<{ file: string; first: number; rows: number }>(`${out}.files.jsonl`);
    expect(places).toEqual([...inputs].reverse().map((file, first) => ({ file, first, rows: 1 })));
    const { data } = await npy(out);
    for (const [i, path] of [...inputs].reverse().entries()) {
      const expected = await alone(path);
      data.slice(i * DIMS, (i + 1) * DIMS).forEach((value, k) => expect(value).toBeCloseTo(expected[k]!, 4));
    }
  });

  it('reports how far it is', async () => {
    const told: unknown[] = [];
    const reporter = {
      stage: (stage: unknown) => told.push(stage),
      progress: (progress: unknown) => told.push(progress),
    };
    await embedTiny({ inputs: [sounds], out: join(folder, 'told.npy'), reporter });
    expect(told[0]).toEqual({ name: 'embed', total: 11, done: 0 });
    expect(told.at(-1)).toEqual({ stage: 'embed', total: 11, done: 11, detail: '1 failed' });
  });

  it(
    'names the file that a full disk did not take, and resumes when there is room',
    { timeout: 120_000 },
    async ({ skip }) => {
      const disk = join(folder, 'disk');
      await mkdir(disk);
      const command = promisify(execFile);
      await command('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]).catch(() =>
        skip('file systems cannot be mounted'),
      );
      try {
        const options = { inputs: [join(sounds, '0.wav')], out: join(disk, 'x.npy') };
        await writeFile(join(disk, 'rest'), Buffer.alloc(2 ** 18)).catch(() => undefined);
        await expect(embedTiny(options)).rejects.toThrow(/cannot write .*x\.npy.* \(ENOSPC.*\); make room/);
        await rm(join(disk, 'rest'));
        await embedTiny(options);
        expect(await readdir(disk)).toEqual(['x.npy', 'x.npy.files.jsonl']);
      } finally {
        await command('umount', [disk]);
      }
    },
  );

  it('embeds a long sound piece by piece, as if it were whole', { timeout: 120_000 }, async () => {
    const long = join(folder, 'long.wav');
    const samples = Float32Array.from({ length: 16_000 * 130 }, randomStream(9)); // 12 998 frames: pieces of 4864
    await writeFile(long, wavOf(samples));
    const logMel = createLogMel()(samples);
    const opened = await openTensors(await openFile(checkpoint));
    const model = await loadModel(opened, { numHeads: 2 });
    await opened.close();
    const inputs = [join(sounds, '0.wav'), long, join(sounds, '2.wav')];
    const told: string[] = [];
    const reporter = { progress: ({ detail = '' }) => void told.push(detail) };
    // The encoder sees the same chunks, in other groups: only the rounding of its matrix products may differ.
    const near = (got: Float32Array, expected: Float32Array): void => {
      expect(got).toHaveLength(expected.length);
      expect(Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-4);
    };
    for (const frames of [true, false]) {
      const out = join(folder, 'long.npy');
      await embedTiny({ inputs, out, frames, layers: [0, 1], reporter });
      const extract = createExtractor(model.weights, {
        ...model.settings,
        time: frames ? 'frames' : 'mean',
        layers: [0, 1],
      });
      const places = await jsonl<{ file: string; first: number; rows: number }>(`${out}.files.jsonl`);
      const { first, rows } = places.find((place) => place.file === long)!;
      expect(rows).toBe(frames ? Math.ceil(logMel.frames / 16) : 1);
      const { data } = await npy(out);
      const { layers } = await extract.fromLogMel(logMel);
      for (const [layer, expected] of layers.entries()) {
        const got = Float32Array.from({ length: rows * DIMS }, (_, i) => {
          return data[(first + Math.floor(i / DIMS)) * 2 * DIMS + layer * DIMS + (i % DIMS)]!;
        });
        near(got, expected);
      }
    }
    expect(told).toContain('encoding long.wav 0:00:48 of 0:02:09');
    model.dispose();
  });

  it('stops at once in the middle of a long sound, and begins with it again', { timeout: 120_000 }, async () => {
    const [long, out] = [join(folder, 'stopped.wav'), join(folder, 'stopped.jsonl')];
    await writeFile(long, wav(16_000 * 130));
    const inputs = [join(sounds, '0.wav'), long];
    const controller = new AbortController();
    const told: string[] = [];
    const progress = ({ detail = '' }): void => {
      if (detail.startsWith('encoding stopped.wav')) told.push(detail.split(' ')[2]!);
      if (told.at(-1) === '0:00:48') controller.abort(new DOMException('stopped', 'AbortError'));
    };
    const options = { inputs, out, frames: true } as const;
    await expect(embedTiny({ ...options, signal: controller.signal, reporter: { progress } })).rejects.toThrow(
      'stopped',
    );
    expect(told).not.toContain('0:01:37'); // the piece after
    const reporter = collecting();
    expect(await embedTiny({ ...options, reporter })).toMatchObject({ count: 2, failed: [] });
    expect(reporter.notes).toEqual(['resuming: 1 of 2 files are done']);
    const [, line] = await jsonl<{ file: string; embedding: number[][] }>(out);
    expect(line!.embedding).toHaveLength(Math.ceil(12_998 / 16)); // none of them from before
  });

  it('says what is odd about sounds, and takes the channel that is asked for', async () => {
    const odd = join(folder, 'odd');
    await mkdir(odd);
    await writeFile(join(odd, 'opposite.wav'), stereo([1, -1]));
    await writeFile(join(odd, 'left.wav'), stereo([1, 1]));
    await writeFile(join(odd, 'zeros.wav'), stereo([0, 0]));
    const reporter = collecting();
    await embedTiny({ inputs: [odd], out: join(folder, 'odd.jsonl'), reporter });
    expect(reporter.warnings).toEqual([
      expect.stringMatching(/^1 file whose channels cancel each other \(opposite\.wav\): /),
      expect.stringMatching(/^1 silent file \(zeros\.wav\): /),
    ]);
    const rows = async (channel: number | 'mean'): Promise<Map<string, number[]>> => {
      const out = join(folder, 'channel.jsonl');
      await embedTiny({ inputs: [odd], out, channel });
      const lines = await jsonl<{ file: string; embedding: number[] }>(out);
      return new Map(lines.map(({ file, embedding }) => [basename(file), embedding]));
    };
    const [first, mean] = [await rows(0), await rows('mean')];
    expect(first.get('opposite.wav')).toEqual(first.get('left.wav'));
    expect(mean.get('opposite.wav')).not.toEqual(mean.get('left.wav'));
    const none = embedTiny({ inputs: [odd], out: join(folder, 'none.jsonl'), channel: 2 }); // they have two
    await expect(none).rejects.toThrow(/^3 sounds were looked at, and none can be used: 3 no such channel; /);
  });

  it('keeps what can be read of truncated sounds when asked to', async () => {
    const [whole, cut] = [wav(32_000), join(folder, 'cut.wav')];
    await writeFile(cut, whole.slice(0, whole.length - 4 * 16_000));
    const out = join(folder, 'cut.jsonl');
    await expect(embedTiny({ inputs: [cut], out })).rejects.toThrow(/cut\.wav: .* are missing/);
    const reporter = collecting();
    const kept = await embedTiny({ inputs: [cut], out, damaged: 'keep', reporter });
    expect(kept).toMatchObject({ count: 1, failed: [] });
    expect(reporter.warnings).toEqual([expect.stringMatching(/^1 damaged file is used \(cut\.wav\): /)]);
  });

  it('lists what a folder leaves out: lost sounds among what failed, the rest as passed over', async () => {
    const junk = join(folder, 'junk');
    await mkdir(junk);
    await writeFile(join(junk, 'good.wav'), wav(16_000));
    await writeFile(join(junk, '._good.wav'), '');
    await symlink('self.wav', join(junk, 'self.wav'));
    await symlink('.', join(junk, 'loop'));
    const out = join(folder, 'junk.npy');
    const found = await embedTiny({ inputs: [junk, junk], out });
    expect(found.failed).toEqual([
      { file: join(junk, 'self.wav'), reason: expect.stringContaining('link') as string, cause: 'link to itself' },
    ]);
    expect(await jsonl(found.failedList!)).toEqual(found.failed);
    const over = [
      { file: join(junk, '._good.wav'), cause: 'left by macOS' },
      { file: join(junk, 'loop'), cause: 'link to a folder above' },
    ];
    expect(found.passedOver).toMatchObject(over);
    expect(await jsonl(found.noticesList!)).toMatchObject(
      over.map(({ file, cause }) => ({ file, used: false, kind: cause })),
    );
    await rm(junk, { recursive: true });
    const clean = await embedTiny({ inputs: [join(sounds, '0.wav')], out });
    expect([clean.failedList, clean.noticesList]).toEqual([undefined, undefined]);
    expect([existsSync(found.failedList!), existsSync(found.noticesList!)]).toEqual([false, false]);
  });

  it('says of each sound what is odd about it, of those that were done before, too', async () => {
    const inputs = ['zeros.wav', 'opposite.wav', 'near.wav'].map((name) => join(folder, 'each', name));
    await mkdir(join(folder, 'each'));
    for (const [i, gains] of (
      [
        [0, 0],
        [1, -1],
        [1, -0.9],
      ] as const
    ).entries())
      await writeFile(inputs[i]!, stereo(gains));
    const out = join(folder, 'each.npy');
    const many = [...inputs, ...Array.from({ length: 3 }, () => sounds)];
    await expect(embedTiny({ inputs: many, out, ...stopAfter(8) })).rejects.toThrow('stopped');
    const reporter = collecting();
    const { notices, noticesList } = await embedTiny({ inputs: many, out, reporter });
    expect(reporter.notes).toEqual(['resuming: 8 of 14 files are done']);
    expect(reporter.warnings).toEqual([
      '1 silent file (zeros.wav): all samples are 0; leave such files out',
      expect.stringMatching(
        /^2 files whose channels cancel each other \(opposite\.wav: .* is silent, near\.wav: .* is 26 dB below .*\); take one of the channels with `channel`$/,
      ),
    ]);
    expect(notices.map(({ path }) => path)).toEqual(inputs);
    expect(await jsonl(noticesList!)).toMatchObject(
      ['silent', 'channels cancel', 'channels cancel'].map((kind, i) => ({ file: inputs[i], used: true, kind })),
    );
  });

  it('ends with the causes where not one sound can be used, and leaves no empty file', async () => {
    const none = join(folder, 'nothing');
    await mkdir(none);
    for (const name of ['a.wav', 'b.wav', 'c.wav', 'line\nbreak.wav']) await writeFile(join(none, name), 'no sound');
    await writeFile(join(none, 'empty.wav'), '');
    const out = join(folder, 'nothing.jsonl');
    const ended = embedTiny({ inputs: [none], out, inWords: (text) => text.toUpperCase() });
    await expect(ended).rejects.toBeInstanceOf(InputError);
    await expect(ended).rejects.toThrow(
      /^5 sounds were looked at, and none can be used: 4 .*, 1 .*; do as each line says, or name other sounds\n {2}.*\/a\.wav: .*\n.*\n.*\n {2}and 2 more, in .*nothing\.jsonl\.failed\.jsonl$/,
    );
    expect((await readdir(folder)).filter((name) => name.startsWith('nothing.'))).toEqual([
      'nothing.jsonl.failed.jsonl',
    ]);
    const listed = await jsonl<{ file: string; reason: string }>(`${out}.failed.jsonl`);
    expect(listed.map(({ file }) => basename(file)).sort()).toEqual(
      ['a.wav', 'b.wav', 'c.wav', 'empty.wav', 'line\nbreak.wav'].sort(),
    );
    expect(listed[0]!.reason).toBe(listed[0]!.reason.toUpperCase());
  });

  it('sees before the work what cannot be written', async () => {
    const out = (name: string): string => join(folder, 'taken', name);
    for (const name of ['a.npy', 'b.npy.files.jsonl', 'c.npy.failed.jsonl'])
      await mkdir(out(name), { recursive: true });
    await writeFile(out('e.npy.unfinished'), '');
    const into = (name: string) => embedTiny({ inputs: [join(sounds, '0.wav')], out: out(name) });
    await expect(into('a.npy')).rejects.toThrow(/`out` .*a\.npy: expected a file, got a folder; name a file in it/);
    await expect(into('b.npy')).rejects.toThrow(/`out` .*b\.npy\.files\.jsonl: expected a file, got a folder/);
    await expect(into('c.npy')).rejects.toThrow(/`out` .*c\.npy\.failed\.jsonl: expected a file, got a folder/);
    await expect(into('e.npy')).rejects.toThrow(/e\.npy\.unfinished is a file; move it away/);
    const type = into('f.csv');
    await expect(type).rejects.toThrow(/`out` .*f\.csv: expected a name that ends in \.npy/);
    await expect(type).rejects.toBeInstanceOf(InputError);
    await expect(type).rejects.toHaveProperty('concerns', 'option');
  });

  it('refuses a checkpoint or a layer that does not fit, and writes nothing', async () => {
    const out = join(folder, 'refused.npy');
    const inputs = [join(sounds, '0.wav')];
    const probe = join(folder, 'two.safetensors');
    const entries = [
      ['probe.weight', entry([2, DIMS], () => 0)],
      ['probe.bias', entry([2], () => 0)],
    ] as const;
    await writeFile(probe, writeSafetensors(new Map(entries)));
    const refused = (options: Partial<EmbedOptions>, message: string | RegExp) =>
      expect(embed({ checkpoint, inputs, out, ...options })).rejects.toThrow(message);
    await refused({ checkpoint: 'none.pt' }, 'none.pt: no such file; check the path');
    await refused({ checkpoint: 'package.json' }, 'package.json: expected a PyTorch checkpoint');
    await refused({}, /give `?numHeads/);
    await refused({ numHeads: 2, layers: [7] }, '`layers` 7: the encoder has the blocks 0 to 1');
    await refused({ numHeads: 2, network: 'teacher' }, 'has no teacher; take its student');
    await refused({ checkpoint: probe }, 'linear probe of 2 classes and has no encoder');
    expect(existsSync(out)).toBe(false);
  });

  it('embeds with a run, and with the teacher of its newest good checkpoint', async () => {
    const run = await tinyRun(join(folder, 'run'));
    const inputs = [join(sounds, 'below', '3.wav')];
    const vector = async (options: Partial<EmbedOptions>): Promise<number[]> => {
      const out = join(folder, 'of-run.npy');
      await embed({ checkpoint: run, inputs, out, ...options });
      return [...(await npy(out)).data];
    };
    const student = await vector({});
    expect(await vector({ checkpoint: join(run, 'weights.safetensors') })).toEqual(student);
    const newest = join(run, 'checkpoints', 'step-00000006.safetensors');
    const teacher = await vector({ network: 'teacher' });
    expect(teacher).not.toEqual(student);
    await writeFile(newest, (await readFile(newest)).subarray(0, 10_000));
    const reporter = collecting();
    const older = await vector({ network: 'teacher', reporter });
    expect(reporter.warnings).toEqual([expect.stringMatching(/passed over a damaged checkpoint: .*step-00000006/)]);
    expect(older).not.toEqual(teacher);
    await rm(newest);
    expect(await vector({ network: 'teacher' })).toEqual(older);
  });
});
