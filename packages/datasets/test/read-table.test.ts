import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { openEsc50, openNsynth, readTable, textEncoding } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put } from './wav.js';

const header = 'filename,fold,target,category';
const rows = [header, 'a.wav,1,0,"wood, knock"', 'b.wav,2,1,dog', 'c.wav,3,1,dog'];
const plain = rows.join('\n');

async function layout(
  table: string | Uint8Array,
  files: readonly string[] = ['a.wav', 'b.wav', 'c.wav'],
): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'meta/esc50.csv'), table);
  await mkdir(join(root, 'audio'));
  for (const file of files) await put(join(root, 'audio', file), '');
  return root;
}

/** What a table says of each clip: file below audio/, fold and label. */
async function said(table: string | Uint8Array, files?: readonly string[]): Promise<unknown[]> {
  const root = await layout(table, files);
  const { clips } = await openEsc50(root);
  return clips.map(({ path, fold, label }) => [path.slice(join(root, 'audio').length + 1), fold, label]);
}

const expected = [
  ['a.wav', 1, 'wood, knock'],
  ['b.wav', 2, 'dog'],
  ['c.wav', 3, 'dog'],
];

test.each([
  ['as it is', plain],
  ['with CRLF', rows.join('\r\n')],
  ['with CR', rows.join('\r')],
  ['with line ends of both kinds', `${rows.slice(0, 2).join('\r\n')}\n${rows.slice(2).join('\r\n')}`],
  ['with a byte order mark', `\ufeff${plain}\n`],
  ['with blank lines', `\n${rows.join('\n\n')}\n\n  \n`],
  ['with lines of empty values', `${plain}\n,,,\n`],
  ['with blanks and tabs around values', plain.replaceAll('.wav,', '.wav\t , ')],
  ['with quotes around all', rows.map((row) => row.replace(/(^|,)([\w.]+)(?=,|$)/g, '$1"$2"')).join('\n')],
])('reads a table %s', async (_, table) => {
  expect(await said(table)).toEqual(expected);
});

test('reads a table of one column', async () => {
  const path = join(await temporaryFolder(), 'labels.csv');
  await put(path, 'label\na\nb\n');
  const rows = await readTable(path, { caller: 'test', needed: ['label'], header: 'label' });
  expect(rows.map(({ values }) => values.label)).toEqual(['a', 'b']);
});

describe('refuses, naming line and next step', () => {
  const latin1 = Buffer.from(plain.replaceAll('dog', 'hündchen'), 'latin1');
  test.each<readonly [string, string | Uint8Array, RegExp]>([
    [
      'semicolons',
      plain.replaceAll(',', ';'),
      /line 1: its values are separated by semicolons; expected commas: save it/,
    ],
    ['tabs', plain.replaceAll(',', '\t'), /line 1: its values are separated by tabs; expected commas/],
    ['UTF-16', Buffer.from(`\ufeff${plain}`, 'utf16le'), /esc50\.csv is UTF-16; expected UTF-8: save it as "UTF-8"/],
    ['UTF-16 of the other order', Buffer.from(`\ufeff${plain}`, 'utf16le').swap16(), /is UTF-16; expected UTF-8/],
    ['UTF-16 without a mark', Buffer.from(plain, 'utf16le'), /is UTF-16; expected UTF-8/],
    ['Latin-1', latin1, /is not UTF-8, from line 3 on \(Latin-1 perhaps\); expected UTF-8: save it/],
    [
      'a comma without quotes',
      plain.replaceAll('"', ''),
      /is not a table: .*line 2; expected .*: put values that hold a comma in double quotes/,
    ],
    [
      'an open quote',
      plain.replace('knock"', 'knock'),
      /is not a table: .*; expected .*: write a quote inside of quotes twice/,
    ],
    [
      'a clip in two folds',
      `${plain}\nb.wav,4,1,dog`,
      /line 5: expected every clip once, got "b\.wav" a second time \(line 3: fold 2, here: fold 4\); remove one/,
    ],
    [
      'a clip listed twice',
      `${plain}\nB.WAV,2,1,dog\n`,
      /line 5: expected every clip once, got "B\.WAV" a second time/,
    ],
    [
      'a column twice',
      plain.replaceAll(/$/gm, ',1').replace('category,1', 'category,fold'),
      /line 1: column "fold" is there twice; rename one/,
    ],
    [
      'a row without a name',
      `${plain}\n\n,4,1,dog`,
      /line 6: expected a value in column "filename", got none; correct/,
    ],
    ['a row without a label', `${plain}\nd.wav,4,1,`, /line 5: expected a value in column "category"/],
    [
      'a word for a number, behind a blank line',
      `${plain}\n\nd.wav,x,1,dog`,
      /line 6: expected a whole number in column "fold" .* got "x"/,
    ],
  ])('%s', async (_, table, message) => {
    await expect(openEsc50(await layout(table, ['a.wav', 'b.wav', 'c.wav', 'd.wav']))).rejects.toThrow(message);
  });
});

test('finds files in another case, Unicode form, folder and format', async () => {
  const table = [
    header,
    'Café.WAV,1,0,x',
    'sub/b.wav,2,0,x',
    'audio/c.wav,3,0,x',
    'sub\\d.wav,4,0,x',
    './e,5,0,x',
    'none.wav,1,0,x',
  ];
  const nfd = 'Cafe\u0301.wav';
  const files = [nfd.toLowerCase(), 'sub/b.mp3', 'c.FLAC', 'sub/d.wav', 'e.ogg', 'f.v2.opus'];
  expect(
    (await said([...table, 'f.v2.wav,1,0,x'].join('\n').normalize('NFC'), files)).map((clip) => (clip as string[])[0]),
  ).toEqual([nfd.toLowerCase(), ...['sub/b.mp3', 'c.FLAC', 'sub/d.wav', 'e.ogg', 'none.wav', 'f.v2.opus']]);
  // nothing directly in audio/
  expect(await said(`${header}\ndeep/er/a.wav,1,0,x`, ['deep/er/a.wav'])).toEqual([['deep/er/a.wav', 1, 'x']]);
});

test('of several files that fit, takes the one that is named, then another case of it, then another format', async () => {
  const files = ['a.wav', 'A.wav', 'a.flac', 'a.mp3', 'b.mp3', 'b.flac'];
  const taken = async (name: string): Promise<unknown> =>
    ((await said(`${header}\n${name},1,0,x`, files)) as string[][])[0]![0];
  for (const name of files) expect(await taken(name)).toBe(name);
  expect(await taken('a.FLAC')).toBe('a.flac');
  expect(await taken('b.wav')).toBe('b.flac');
  await expect(taken('a.WAV')).rejects.toThrow(
    /"a\.WAV" in the table fits 2 files in .*audio, such as A\.wav and a\.wav; write one of/,
  );
});

test("NSynth's table is read the same way", async () => {
  const note = { instrument_family_str: 'x', instrument_str: 'x' };
  const open = async (table: string | Uint8Array): Promise<string[]> => {
    const root = await temporaryFolder();
    await put(join(root, 'examples.json'), table);
    for (const name of ['a-1.OGG', 'b.1.wav']) await put(join(root, 'audio', name), '');
    return (await openNsynth(root)).clips.map(({ path }) => path.slice(join(root, 'audio').length + 1));
  };
  const table = JSON.stringify({ 'A-1': note, 'b.1': note, gone: note });
  expect(await open(`\ufeff${table}`)).toEqual(['a-1.OGG', 'b.1.wav', 'gone.wav']);
  await expect(open(Buffer.from(`\ufeff${table}`, 'utf16le'))).rejects.toThrow(
    /examples\.json is UTF-16; expected UTF-8/,
  );
  await expect(open(Buffer.from(table.replaceAll('"x"', '"ü"'), 'latin1'))).rejects.toThrow(
    /is not UTF-8, from line 1 on/,
  );
});

test('tells the encoding of a text, or from which line on it is no UTF-8', () => {
  const utf16 = Buffer.from('\ufeffa,b\n', 'utf16le');
  expect(textEncoding(utf16)).toEqual({ encoding: 'utf-16le' });
  expect(textEncoding(Buffer.from(utf16).swap16())).toEqual({ encoding: 'utf-16be' });
  expect(textEncoding(utf16.subarray(2))).toEqual({ encoding: undefined, problem: 'unmarked UTF-16' });
  for (const text of ['', 'a', '\ufeffé,\u{1f600}\n', 'a.wav\0b.wav\0', '\ufffd'])
    expect(textEncoding(Buffer.from(text))).toEqual({ encoding: 'utf-8' });
  for (const [text, line] of [
    ['é', 1],
    ['a\r\nb\rc\né', 4],
    ['ok\n\xff', 2],
  ] as const)
    expect(textEncoding(Buffer.from(text, 'latin1'))).toEqual({ encoding: undefined, problem: { line } });
});
