import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { sharedFolder } from '@audio-ssl/testing';
import { describe, expect, test } from 'vitest';

import { openEsc50 } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put } from './wav.js';

const header = 'filename,fold,target,category,esc10,src_file,take';

async function layout(csv: string, files: readonly string[] = ['1-7-A-1.wav']): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'meta/esc50.csv'), csv);
  await mkdir(join(root, 'audio'));
  for (const file of files) await put(join(root, 'audio', file), '');
  return root;
}

test('reads folds, labels and groups; finds a clip with another extension; keeps a missing file for the store to skip', async () => {
  const rows = [
    '1-7-A-1.wav,1,1,rooster,False,7,A',
    '2-8-B-0.wav,2,0,"dog, big",True,8,B',
    '2-9-A-0.wav,2,0,"dog, big",True,9,A',
  ];
  // with a byte order mark and Windows line ends, as spreadsheets write
  const root = await layout(`\ufeff${[header, ...rows].join('\r\n')}\r\n\r\n`, ['1-7-A-1.wav', '2-8-B-0.flac']);
  const { clips, classes, name, table } = await openEsc50(root);
  expect(name).toBe(basename(root)); // ESC-50 is what has its clips
  expect(table).toBe(join(root, 'meta/esc50.csv'));
  expect(classes).toEqual(['dog, big', 'rooster']);
  expect(clips).toEqual([
    { id: '1-7-A-1.wav', path: join(root, 'audio/1-7-A-1.wav'), label: 'rooster', fold: 1, group: '7' },
    { id: '2-8-B-0.wav', path: join(root, 'audio/2-8-B-0.flac'), label: 'dog, big', fold: 2, group: '8' },
    { id: '2-9-A-0.wav', path: join(root, 'audio/2-9-A-0.wav'), label: 'dog, big', fold: 2, group: '9' },
  ]);
});

test('names file, column and expected header when a column is missing', async () => {
  const root = await layout('filename,target,category\na.wav,0,dog\n');
  await expect(openEsc50(root)).rejects.toThrow(
    `openEsc50: ${join(root, 'meta/esc50.csv')}: column "fold" is missing; expected the header ${header}, got filename,target,category`,
  );
});

test.each([
  ['', /column "filename", "fold", "target", "category" is missing; .* got an empty file/],
  [header, /has a header and no rows/],
  [`${header}\na.wav,1,0\n`, /is not a table: .*expected the columns filename/],
  [`${header}\na.wav,one,0,dog,,,\n`, /esc50\.csv, line 2: expected a whole number in column "fold" .* got "one"/],
  [
    `${header}\na.wav,1,9999999999,dog,,,\n`,
    /line 2: expected a whole number in column "target" .*9 digits.* got "9{10}"/,
  ],
  [`${header}\na.wav,1,0,dog,,,\nb.wav,1,0,cat,,,\n`, /line 3: expected category "dog" for target 0 .* got "cat"/],
  [`${header}\na.wav,1,0,dog,,,\nb.wav,1,1,dog,,,\n`, /line 3: expected target 0 for category "dog" .* got 1/],
])('refuses the table %j', async (csv, message) => {
  await expect(openEsc50(await layout(csv))).rejects.toThrow(message);
});

test('says which part of the layout is missing', async () => {
  const root = await temporaryFolder();
  await expect(openEsc50(join(root, 'no'))).rejects.toThrow(/expected a folder, got .*no \(ENOENT\)/);
  await expect(openEsc50(root)).rejects.toThrow(
    /cannot read .*esc50\.csv \(ENOENT\); expected the folder that holds meta\/ and audio\//,
  );
  await put(join(root, 'meta/esc50.csv'), `${header}\na.wav,1,0,dog,,,\n`);
  await expect(openEsc50(root)).rejects.toThrow(/expected a folder, got .*audio \(ENOENT\)/);
  await put(join(root, 'audio/a.txt'), '');
  await expect(openEsc50(root)).rejects.toThrow(/expected sound files .* got 1 x \.txt/);
});

const esc50 = sharedFolder('data/esc50');

describe.skipIf(!esc50)('the real ESC-50', () => {
  test('has 2000 clips in 50 classes of 40 and 5 folds of 400, and 4 of 1524 recordings in two folds', async () => {
    const { clips, classes, name } = await openEsc50(esc50!);
    expect(name).toBe('ESC-50');
    expect(clips.length).toBe(2000);
    expect(classes.length).toBe(50);
    expect(classes.slice(0, 3)).toEqual(['dog', 'rooster', 'pig']); // targets 0, 1, 2
    for (const name of classes) expect(clips.filter(({ label }) => label === name).length).toBe(40);
    for (let fold = 1; fold <= 5; fold++) expect(clips.filter((clip) => clip.fold === fold).length).toBe(400);
    const foldsOf = new Map<string, Set<number>>();
    for (const { group, fold } of clips) foldsOf.set(group!, (foldsOf.get(group!) ?? new Set()).add(fold!));
    // a flaw of the official folds, counted with awk over meta/esc50.csv
    expect(foldsOf.size).toBe(1524);
    expect([...foldsOf.values()].filter((folds) => folds.size > 1).length).toBe(4);
  });
});
