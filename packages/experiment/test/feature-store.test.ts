import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openFeatureStore } from '../src/embed/feature-store.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('openFeatureStore', () => {
  it('keeps of a damaged store what is whole', async () => {
    const path = join(folder, 'store');
    const stamp = { size: 1, modified: 2 };
    const rows = (file: string, ...values: number[]) => [{ file, stamp, rows: Float32Array.from(values) }];
    const store = await openFeatureStore(path, { a: 1 }, 2);
    for (let i = 0; i < 4; i++) await store.append(rows(`${i}.wav`, i, i, i, i));
    await store.close();
    await truncate(join(path, 'rows.f32'), 3 * 16 - 4); // less than the journal lists
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
    // A file that is added again replaces the earlier one, here and in the store that is opened anew.
    await again.append(rows('0.wav', 7, 7));
    await again.close();
    const last = await openFeatureStore(path, { a: 1 }, 2);
    expect(last.select(['x.wav', '0.wav'])).toEqual([
      { file: 'x.wav', first: 4, rows: 1 },
      { file: '0.wav', first: 5, rows: 1 },
    ]);
    expect(
      [stamp, { ...stamp, size: 2 }, { ...stamp, modified: 3 }, undefined].map((one) => last.has('0.wav', one)),
    ).toEqual([true, false, false, false]);
    await last.close();
    const other = await openFeatureStore(path, { a: 2 }, 2);
    expect(other.select(all)).toEqual([]);
    await other.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('never takes a flipped bit of rows or lines for features', async () => {
    const path = join(folder, 'flipped');
    const [data, journal] = [join(path, 'rows.f32'), join(path, 'journal.jsonl')];
    const names = Array.from({ length: 6 }, (_, i) => `${i}.wav`);
    const stamp = { size: 1, modified: 2 };
    const written = async (): Promise<void> => {
      const store = await openFeatureStore(path, {}, 2);
      for (const [i, file] of names.entries())
        await store.append([{ file, stamp, rows: Float32Array.of(i, i, i, -i) }]);
      await store.close();
    };
    await written();
    const sizes = [(await readFile(data)).length, (await readFile(journal)).length] as const;
    for (let flip = 0; flip < 120; flip++) {
      const file = flip % 2 === 0 ? data : journal;
      const bytes = await readFile(file);
      const at = Math.floor((flip * sizes[flip % 2]!) / 120);
      bytes[at]! ^= 1 << (flip % 8);
      await writeFile(file, bytes);
      const store = await openFeatureStore(path, {}, 2);
      const found = store.select(names);
      for (const { file: name, first, rows } of found) {
        const values: number[] = [];
        for await (const part of store.read(first, rows)) values.push(...part);
        const i = names.indexOf(name);
        expect(values, `bit ${flip % 8} of byte ${at}`).toEqual([i, i, i, -i]);
      }
      if (file === data) expect([found.length, store.damaged]).toEqual([5, 1]); // the others stay
      await store.remove();
      await written();
    }
  });

  it('takes rows some after the others, and nothing of a file whose rows end in an error', async () => {
    const path = join(folder, 'in-parts');
    const store = await openFeatureStore(path, {}, 2);
    async function* parts(fails: boolean) {
      yield await Promise.resolve(Float32Array.of(1, 2));
      yield Float32Array.of(3, 4, 5, 6);
      if (fails) throw new Error('unreadable');
    }
    await expect(store.append([{ file: 'a', stamp: undefined, rows: parts(true) }])).rejects.toThrow('unreadable');
    await store.append([{ file: 'b', stamp: undefined, rows: parts(false) }]);
    expect(store.select(['a', 'b'])).toEqual([{ file: 'b', first: 0, rows: 3 }]);
    const values: number[] = [];
    for await (const piece of store.read(0, 3)) values.push(...piece);
    expect(values).toEqual([1, 2, 3, 4, 5, 6]);
    await store.remove();
  });

  it('is locked, and has rows on disk before the line that lists them', async () => {
    const path = join(folder, 'locked');
    const store = await openFeatureStore(path, {}, 1);
    await expect(openFeatureStore(path, {}, 1)).rejects.toThrow(/process \d+ on .* is writing to .*; .*another `out`/);
    const handle = await open(join(path, 'journal.jsonl'));
    const journals: string[] = [];
    const synced = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'datasync').mockImplementation(async () => {
      journals.push(await readFile(join(path, 'journal.jsonl'), 'utf8'));
    });
    await store.append([{ file: 'a', stamp: undefined, rows: new Float32Array(1) }]);
    synced.mockRestore();
    await handle.close();
    expect(journals).toEqual(['{"width":1,"checksums":"sha256"}\n']);
    await store.close();
    // The lock of a process that has ended is taken over.
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, started: '0', host: hostname() }));
    await (await openFeatureStore(path, {}, 1)).remove();
  });

  it('removes what a process that was killed left behind', async () => {
    const path = join(folder, 'killed');
    await (await openFeatureStore(path, {}, 1)).close();
    await writeFile(join(path, 'journal.jsonl.123-0123456789ab.tmp'), '');
    const store = await openFeatureStore(path, {}, 1);
    expect((await readdir(path)).sort()).toEqual(['journal.jsonl', 'lock', 'rows.f32']);
    await store.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a file in place of the folder', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    await expect(openFeatureStore(path, {}, 1)).rejects.toThrow('file is a file; move it away');
  });
});
