import { sharedFolder } from '@audio-ssl/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabels } from '../src/read-labels.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labels-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readLabels', () => {
  it('reads class names as data sets have them', async () => {
    const path = join(folder, 'labels');
    const given = async (text: string | Uint8Array, classes: number): Promise<string[]> => {
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
    for (const text of ['index,name\n1,cat\n0,dog\n', 'dog\ncat\n', '{"dog": 0, "cat": 1}', '0,dog\n1,cat\n']) {
      expect(await given(`\uFEFF${text}`, 2), text).toEqual(['dog', 'cat']);
      expect(await given(Buffer.from(`\uFEFF${text}`, 'utf16le'), 2), text).toEqual(['dog', 'cat']);
    }
    await expect(given(Buffer.from('caf\xe9\nbar\n', 'latin1'), 2)).rejects.toThrow(
      'is not UTF-8 (line 1; perhaps Latin-1)',
    );
    await expect(given('index\tname\n0\tdog\n', 1)).rejects.toThrow('with tabs between its columns; expected commas');
    await expect(given('0;dog\n1;cat\n', 2)).rejects.toThrow('with semicolons between its columns');
    await expect(given('dog\ncat\n', 3)).rejects.toThrow('names 2 classes, the head has 3');
    await expect(given('{"a": 0', 1)).rejects.toThrow('is not valid JSON');
    await expect(readLabels(join(folder, 'none.csv'), 1)).rejects.toThrow('no such file; check `labels`');
  });

  const labels = sharedFolder('data/labels');
  it.skipIf(!labels)('reads the lists of the published probes', async () => {
    expect((await readLabels(join(labels!, 'mtg-jamendo-genre.csv'), 87))[0]).toBe('genre---60s');
    expect((await readLabels(join(labels!, 'mtg-jamendo-top50.csv'), 50))[0]).toBe('genre---alternative');
    expect(await readLabels(join(labels!, 'audioset.csv'), 527)).toHaveLength(527);
    expect((await readLabels(join(labels!, '../esc50/meta/esc50.csv'), 50)).slice(0, 2)).toEqual(['dog', 'rooster']);
  });
});
