import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { decodeAudio } from '@audio-ssl/audio-frontend';
import { expect, test } from 'vitest';

import { openNsynth } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { put } from './wav.js';
import { shippedNotes } from './shipped-notes.js';

async function layout(examples: unknown, files: readonly string[] = ['b-1.wav', 'a-1.flac']): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'examples.json'), typeof examples === 'string' ? examples : JSON.stringify(examples));
  await mkdir(join(root, 'audio'));
  for (const file of files) await put(join(root, 'audio', file), '');
  return root;
}

const note = (family: string, instrument: string): object => ({
  instrument_family_str: family,
  instrument_str: instrument,
  pitch: 60,
});

test('reads labels and groups from the fields asked for, sorted by name', async () => {
  const root = await layout({ 'b-1': note('reed', 'b'), 'a-1': note('bass', 'a') });
  const { clips, classes } = await openNsynth(root);
  expect(classes).toEqual(['bass', 'reed']);
  expect(clips).toEqual([
    { id: 'a-1', path: join(root, 'audio/a-1.flac'), label: 'bass', group: 'a' },
    { id: 'b-1', path: join(root, 'audio/b-1.wav'), label: 'reed', group: 'b' },
  ]);
  expect((await openNsynth(root, { label: 'pitch', group: 'instrument_family_str' })).clips[0]).toMatchObject({
    label: '60',
    group: 'bass',
  });
});

test.each([
  ['{', /examples\.json is not JSON: .*; download the file again/],
  ['[]', /expected an object of note names/],
  ['{}', /names no notes/],
  [
    { 'a-1': { pitch: 60, velocity: 50 } },
    /expected the field "instrument_family_str" in "a-1", got pitch, velocity; name one of these/,
  ],
  [{ 'a-1': null }, /in "a-1", got no fields/],
])('refuses %j', async (examples, message) => {
  await expect(openNsynth(await layout(examples))).rejects.toThrow(message);
});

test('says which part of the layout is missing', async () => {
  const root = await temporaryFolder();
  await expect(openNsynth(root)).rejects.toThrow(
    /cannot read .*examples\.json \(ENOENT\); expected a folder that holds examples\.json and audio\//,
  );
  await expect(openNsynth(await layout({ 'a-1': note('bass', 'a') }, []))).rejects.toThrow(/audio, got no files/);
});

test('the shipped notes are what their README says', { timeout: 240_000 }, async () => {
  const { clips, classes } = await openNsynth(shippedNotes);
  expect(clips.length).toBe(660);
  expect(classes).toEqual([
    'bass',
    'brass',
    'flute',
    'guitar',
    'keyboard',
    'mallet',
    'organ',
    'reed',
    'string',
    'synth_lead',
    'vocal',
  ]);
  for (const family of classes) expect(clips.filter(({ label }) => label === family).length).toBe(60);
  expect(new Set(clips.map(({ group }) => group)).size).toBe(79);
  const sizes = await Promise.all(clips.map(async ({ path }) => (await stat(path)).size));
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(14e6);
  // Near-silent notes were dropped: every peak is at least 100 steps of 16 bits.
  for (const { id, path } of clips) {
    const [samples] = (await decodeAudio(await readFile(path))).channels;
    const peak = samples!.reduce((top, sample) => Math.max(top, Math.abs(sample)), 0);
    expect(peak, id).toBeGreaterThanOrEqual(100 / 32_768);
  }
});
