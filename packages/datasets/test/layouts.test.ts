import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { detectLayout, labelledLayouts, layoutNames, layouts, type LayoutName } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

const tables: readonly (readonly [LayoutName, string])[] = [
  ['esc50', 'meta/esc50.csv'],
  ['nsynth', 'examples.json'],
];

describe('detectLayout', () => {
  test.each(tables)('knows %s by its table %s', async (name, table) => {
    const root = await temporaryFolder();
    await mkdir(join(root, table, '..'), { recursive: true });
    await writeFile(join(root, table), '');
    expect(await detectLayout(root)).toBe(name);
    expect(await layouts[name].detect(root)).toBe(true);
  });

  test('finds none in another folder, a missing one, or where the table is a folder', async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, 'rain.wav'), '');
    await mkdir(join(root, 'examples.json'));
    expect(await detectLayout(root)).toBeUndefined();
    expect(await detectLayout(join(root, 'missing'))).toBeUndefined();
  });
});

test('the table names every layout and tells which have labels', () => {
  expect(layoutNames).toEqual(['folder', 'esc50', 'nsynth']);
  expect(labelledLayouts).toEqual(['esc50', 'nsynth']);
  expect(layouts.nsynth).toMatchObject({ title: 'NSynth', group: 'instrument', target: 'instrument family' });
});

test('a layout opens what its function opens', async () => {
  const root = join(import.meta.dirname, '../../../examples/matpac/data');
  const { clips, classes } = await layouts.nsynth.open(root);
  expect([clips.length, classes.length]).toEqual([660, 11]);
  expect(await detectLayout(root)).toBe('nsynth');
});
