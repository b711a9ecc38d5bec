import { basename, join, resolve } from 'node:path';

import { audioFolder } from './audio-folder.js';
import type { Clip, Dataset, DatasetLayout } from './dataset.js';
import { byName } from './by-name.js';
import { readText } from './read-text.js';
import { isFile, requireFolder } from './require-folder.js';

/** Which fields of a note's entry become label and group. */
export interface NsynthOptions {
  /** The field that names the class. Default `'instrument_family_str'`. */
  readonly label?: string;
  /** The field whose equal values must not be split between training and test. Default `'instrument_str'`. */
  readonly group?: string;
}

const tableIn = (root: string): string => join(root, 'examples.json');

/**
 * NSynth's layout: `examples.json` maps each note's name to its fields, the sound is `audio/<name>.wav`, `.flac` or
 * another format. Clips and classes are sorted by name.
 *
 * Source: J. Engel et al., "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders", ICML 2017.
 *
 * @throws when the folder or `examples.json` is missing or unreadable, or an entry lacks the field asked for.
 * @example
 * const { clips, classes } = await openNsynth('examples/matpac/data');
 * console.log(clips.length, classes.length); // 660 11
 */
export async function openNsynth(
  root: string,
  { label = 'instrument_family_str', group = 'instrument_str' }: NsynthOptions = {},
): Promise<Dataset> {
  await requireFolder('openNsynth', root);
  const table = tableIn(root);
  const examples = await readExamples(table);
  const { find, skipped } = await audioFolder('openNsynth', root);
  const field = (name: string, key: string): string => {
    const fields = examples[name] as Record<string, unknown> | null;
    const value = fields?.[key];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    const present = Object.keys(fields ?? {}).join(', ') || 'no fields';
    throw new Error(
      `openNsynth: ${table}: expected the field "${key}" in "${name}", got ${present}; name one of these`,
    );
  };
  const names = Object.keys(examples).sort(byName);
  const clips = names.map((id): Clip => ({
    id,
    path: find(`${id}.wav`),
    label: field(id, label),
    group: field(id, group),
  }));
  const classes = [...new Set(clips.map((clip) => clip.label!))].sort(byName);
  return { name: basename(resolve(root)), root: resolve(root), table, clips, skipped, classes };
}

/** NSynth's layout, for the table of layouts. */
export const nsynth: DatasetLayout = {
  title: 'NSynth',
  open: (root) => openNsynth(root),
  detect: (root) => isFile(tableIn(root)),
  labelled: true,
  group: 'instrument',
  target: 'instrument family',
  metric: 'accuracy',
};

async function readExamples(table: string): Promise<Record<string, unknown>> {
  const read = await readText(table).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `openNsynth: cannot read ${table} (${error.code}); expected a folder that holds examples.json and audio/`,
    );
  });
  if ('problem' in read) throw new Error(`openNsynth: ${table} ${read.problem}`);
  let examples: unknown;
  try {
    examples = JSON.parse(read.text);
  } catch (error) {
    throw new Error(`openNsynth: ${table} is not JSON: ${(error as Error).message}; download the file again`, {
      cause: error,
    });
  }
  if (typeof examples !== 'object' || examples === null || Array.isArray(examples)) {
    throw new Error(`openNsynth: ${table}: expected an object of note names, got something else; download it again`);
  }
  if (Object.keys(examples).length === 0) throw new Error(`openNsynth: ${table} names no notes; download it again`);
  return examples as Record<string, unknown>;
}
