import { readSafetensors } from '@audio-ssl/tensor-files';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { refusal, writeFeatures } from '../src/embed/write-features.js';
import { jsonl, npy } from './read-features.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'features-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Rows of a width whose value i of row r is r + i / 8. */
const storeOf = (width: number) => ({
  width,
  async *read(first: number, count: number) {
    for (let row = first; row < first + count; row++) yield Float32Array.from({ length: width }, (_, i) => row + i / 8);
  },
});

describe('writeFeatures', () => {
  it('writes long sounds vector by vector', async () => {
    const [dims, rows] = [3840, 600];
    const store = storeOf(dims);
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
    expect(row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([...Array<number>(8).fill(69), 48]); // 2^18 values or a row more
    const [row] = await parquetReadObjects({ file, rowStart: 599, rowEnd: 600 });
    expect(row).toMatchObject({ file: 'hour.wav', seconds: 599 * 0.16 });
    expect((row as { embedding: number[] }).embedding[8]).toBe(600);
  });

  it('writes files in the order asked for, whichever order the store has them in', async () => {
    const store = storeOf(4); // two layers of two values
    const files = [
      { file: 'b', first: 2, rows: 2 },
      { file: 'a', first: 0, rows: 2 },
    ];
    const shape = { perFrame: true, layers: [3, 1], dims: 2, secondsPerFrame: 1, metadata: { model: 'none' } };
    const values = [2, 3, 0, 1].flatMap((row) => [0, 1, 2, 3].map((i) => row + i / 8));
    for (const type of ['npy', 'safetensors', 'jsonl', 'parquet'])
      await writeFeatures({ store, files }, shape, join(folder, `two.${type}`));
    const { shape: found, data } = await npy(join(folder, 'two.npy'));
    expect([found, [...data]]).toEqual([[4, 2, 2], values]);
    expect(await jsonl(join(folder, 'two.npy.files.jsonl'))).toEqual([
      { file: 'b', first: 0, rows: 2 },
      { file: 'a', first: 2, rows: 2 },
    ]);
    const { tensors, metadata } = readSafetensors(await readFile(join(folder, 'two.safetensors')));
    expect([...tensors].map(([name, tensor]) => [name, tensor.shape])).toEqual([
      ['b', [2, 2, 2]],
      ['a', [2, 2, 2]],
    ]);
    expect([...tensors.values()].flatMap((tensor) => [...tensor.data])).toEqual(values);
    expect(metadata).toEqual({ model: 'none' });
    const lines = await jsonl<{ embedding: number[][][] }>(join(folder, 'two.jsonl'));
    expect(lines.flatMap(({ embedding }) => embedding.flat(2))).toEqual(values);
    const table = (await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'two.parquet')) })) as {
      layer: number;
      seconds: number;
      embedding: number[];
    }[];
    expect(table.flatMap(({ embedding }) => embedding)).toEqual(values);
    expect(table.slice(0, 4).map(({ seconds, layer }) => [seconds, layer])).toEqual([
      [0, 3],
      [0, 1],
      [1, 3],
      [1, 1],
    ]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps the old file when the work fails', async () => {
    const out = join(folder, 'kept.jsonl');
    await writeFile(out, 'old');
    const store = {
      width: 1,
      // eslint-disable-next-line require-yield
      async *read(): AsyncGenerator<Float32Array> {
        throw new Error('the disk is gone');
      },
    };
    const shape = { perFrame: false, layers: undefined, dims: 1, secondsPerFrame: 1, metadata: {} };
    const files = [{ file: 'a', first: 0, rows: 1 }];
    await expect(writeFeatures({ store, files }, shape, out)).rejects.toThrow('the disk is gone');
    expect(await readFile(out, 'utf8')).toBe('old');
    const taken = join(folder, 'taken.jsonl');
    await mkdir(taken);
    await expect(writeFeatures({ store: storeOf(1), files }, shape, taken)).rejects.toThrow(
      /cannot write .*taken\.jsonl \(EISDIR/,
    );
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('refuses more arrays of safetensors than their readers take', () => {
    expect(refusal('x.safetensors', 50_000)).toBeUndefined();
    expect(refusal('x.safetensors', 50_001)).toMatch(/refuse safetensors with 50001 arrays; take \.npy/);
    expect(refusal('x.npy', 1e6)).toBeUndefined();
  });
});
