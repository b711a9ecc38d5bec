import { linearProbe } from '@audio-ssl/evaluation';
import { randomStream } from '@audio-ssl/params';
import { npyHeader } from '@audio-ssl/tensor-files';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeFeatures } from '../src/probe/probe-features.js';

const [ROWS, DIMS] = [36, 3];
const uniform = randomStream(1, 'features');
const classOf = (row: number): number => row % 3;
const data = Float32Array.from(
  { length: ROWS * DIMS },
  (_, i) => uniform() + (i % DIMS === 0 ? 0.4 * classOf(Math.floor(i / DIMS)) : 0),
);
const foldOf = (row: number): number => Math.floor(row / 12) + 1;
const rows = Array.from({ length: ROWS }, (_, row) => row);

let folder: string;
let features: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audio-ssl-probe-features-'));
  features = await npy('x.npy', [ROWS, DIMS], data);
});
afterAll(() => rm(folder, { recursive: true }));

async function npy(name: string, shape: number[], values: Float32Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([npyHeader(shape), Buffer.from(values.slice().buffer)]));
  return path;
}

async function table(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.join('\n'));
  return path;
}

const labelled = (): Promise<string> =>
  table('y.csv', ['label,fold', ...rows.map((row) => `${'abc'[classOf(row)]},${foldOf(row)}`)]);

describe('probeFeatures', () => {
  it('gives what the linear probe gives for the same matrix, labels and folds', async () => {
    const expected = await linearProbe({
      features: { data, rows: ROWS, dims: DIMS },
      labels: Int32Array.from(rows, classOf),
      classes: 3,
      folds: Int32Array.from(rows, foldOf),
    });
    const [linear, neighbours] = await probeFeatures({ features, labels: await labelled(), methods: { knn: 3 } });
    expect(linear).toMatchObject({
      ...{ accuracy: expected.accuracy, interval: expected.interval, predictions: expected.predictions },
      ...{ clips: ROWS, dims: DIMS, classes: ['a', 'b', 'c'], chance: 1 / 3, folds: "the data set's own 3 folds" },
    });
    expect(linear!.accuracy).toBeGreaterThan(0.34); // neither chance nor perfect: a mix-up of rows would show
    expect(linear!.accuracy).toBeLessThan(1);
    expect(neighbours).toMatchObject({ method: '3 nearest neighbours in the other folds', clips: ROWS });
  });

  it('never splits a group, nor rows of one file', async () => {
    const grouped = await table('g.csv', [
      'label,file',
      ...rows.map((row) => `${'abc'[classOf(row)]},f${row % 6}.wav`),
    ]);
    const [result] = await probeFeatures({ features, labels: grouped, folds: 2 });
    expect(result!.folds).toBe('2 folds by clip: a tested clip is never trained on');
    const few = await table('few.csv', ['label,group', ...rows.map((row) => `${'abc'[classOf(row)]},g${row % 2}`)]);
    await expect(probeFeatures({ features, labels: few, folds: 3 })).rejects.toThrow(
      `${few}: expected probe.folds from 2 to the number of groups (2), got 3; give \`folds\` 2`,
    );
  });

  it('finds the rows of files that embed has listed, in any order', async () => {
    const listed = await npy('e.npy', [ROWS, DIMS], data);
    const places = (file: (row: number) => string): Promise<string> =>
      table(
        'e.npy.files.jsonl',
        rows.map((row) => JSON.stringify({ file: file(row), first: row, rows: 1 })),
      );
    await places((row) => `/sounds/${row}.wav`);
    const [expected] = await probeFeatures({ features, labels: await labelled() });
    const line = (row: number): string => `${'abc'[classOf(row)]},${foldOf(row)},${row}.wav`;
    const backwards = await table('b.csv', ['label,fold,file', ...[...rows].reverse().map(line)]);
    const [found] = await probeFeatures({ features: listed, labels: backwards });
    expect(found!.predictions).toEqual(expected!.predictions.slice().reverse());

    const twice = await table('t.csv', ['label,fold,file', ...rows.map(line), 'a,1,0.wav']);
    await expect(probeFeatures({ features: listed, labels: twice })).rejects.toThrow(
      `${twice}, line 38: 0.wav is in line 2, too; leave one of them out`,
    );
    const other = await table('o.csv', ['label,fold,file', 'a,1,x.wav']);
    await expect(probeFeatures({ features: listed, labels: other })).rejects.toThrow(
      `${other}, line 2: x.wav is not listed in ${listed}.files.jsonl; embed it, too, or leave the row out`,
    );
    await places((row) => `/${row}/a.wav`);
    const same = await table('s.csv', ['label,file', 'a,a.wav']);
    await expect(probeFeatures({ features: listed, labels: same })).rejects.toThrow('give a whole path');
  });

  it('refuses what does not fit, naming file and line', async () => {
    const labels = await labelled();
    const cases: [Promise<string>, Promise<string>, string][] = [
      [
        npy('flat.npy', [ROWS * DIMS], data),
        Promise.resolve(labels),
        'expected a .npy of shape (clips, dims), got shape (108)',
      ],
      [
        npy('nan.npy', [1, 2], Float32Array.of(1, Number.NaN)),
        Promise.resolve(labels),
        'row 0 holds NaN (dimension 1)',
      ],
      [Promise.resolve(features), table('1.csv', ['label', 'a']), 'has 1 rows and'],
      [
        Promise.resolve(features),
        table('2.csv', ['label,fold', 'a,x']),
        "line 2: expected a fold that is a whole number, got 'x'",
      ],
      [Promise.resolve(features), table('3.csv', ['label,fold', ',1']), 'line 2: has no label'],
      [Promise.resolve(features), table('4.csv', ['class', 'a']), 'column "label" is missing'],
      [
        Promise.resolve(features),
        table('5.csv', ['label', ...rows.map(() => 'a')]),
        'expected usable clips of two or more classes',
      ],
    ];
    for (const [given, table_, message] of cases)
      await expect(probeFeatures({ features: await given, labels: await table_ })).rejects.toThrow(message);
  });
});
