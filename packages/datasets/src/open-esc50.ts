import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { parse } from 'csv-parse/sync';

import { audioFolder } from './audio-folder.js';
import type { Clip, Dataset, DatasetLayout } from './dataset.js';
import { isFile, requireFolder } from './list-files.js';

const header = 'filename,fold,target,category,esc10,src_file,take';
const needed = ['filename', 'fold', 'target', 'category'] as const;
type Row = { readonly [column in (typeof needed)[number]]: string } & { readonly src_file?: string };

const tableIn = (root: string): string => join(root, 'meta', 'esc50.csv');

/**
 * ESC-50 as its authors publish it: `meta/esc50.csv` with their five folds, and `audio/`, whose files may have been
 * converted to FLAC. `group` is the source recording (4 of the 1524 occur in two of the official folds). Any data set with
 * the same table can be opened, too, and is named after its folder.
 *
 * Source: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.
 *
 * @throws when the folder, the table or one of its columns is missing, or a row is not as expected; names file and line.
 * @example
 * const { clips, classes } = await openEsc50('ESC-50-master');
 * console.log(clips.length, classes.length); // 2000 50
 */
export async function openEsc50(root: string): Promise<Dataset> {
  await requireFolder('openEsc50', root);
  const table = tableIn(root);
  const rows = readTable(table, await readText(table, root));
  const find = await audioFolder('openEsc50', root);
  const categories = new Map<number, string>();
  const targets = new Map<string, number>();
  const clips = rows.map((row, i): Clip => {
    const at = `${table}, line ${i + 2}`;
    const target = wholeNumber(row.target, 'target', at);
    const { category } = row;
    const expected = { category: categories.get(target) ?? category, target: targets.get(category) ?? target };
    if (expected.category !== category)
      throw new Error(
        `openEsc50: ${at}: expected category "${expected.category}" for target ${target} as in the lines above, got "${category}"; correct the table`,
      );
    if (expected.target !== target)
      throw new Error(
        `openEsc50: ${at}: expected target ${expected.target} for category "${category}" as in the lines above, got ${target}; correct the table`,
      );
    categories.set(target, category);
    targets.set(category, target);
    return {
      id: row.filename,
      path: find(row.filename.replace(/\.\w+$/, ''), row.filename),
      label: row.category,
      fold: wholeNumber(row.fold, 'fold', at),
      ...(row.src_file === undefined ? {} : { group: row.src_file }),
    };
  });
  const classes = [...categories].sort(([a], [b]) => a - b).map(([, category]) => category);
  const opened = { name: basename(resolve(root)), root: resolve(root), table, clips, classes };
  return isEsc50(opened) ? { ...opened, name: 'ESC-50' } : opened;
}

/** ESC-50's layout, for the table of layouts. */
export const esc50: DatasetLayout = {
  title: 'ESC-50',
  open: openEsc50,
  detect: (root) => isFile(tableIn(root)),
  labelled: true,
  group: 'source recording',
  target: 'sound class',
  metric: 'accuracy',
};

/** Whether a data set is ESC-50 itself, 2000 clips of 50 classes, and not other data in its layout. */
export function isEsc50({ clips, classes }: Pick<Dataset, 'clips' | 'classes'>): boolean {
  return clips.length === 2000 && classes.length === 50;
}

async function readText(table: string, root: string): Promise<string> {
  return readFile(table, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const missing = `openEsc50: cannot read ${table} (${error.code})`;
    throw new Error(`${missing}; expected the folder that holds meta/ and audio/, usually ESC-50-master, got ${root}`);
  });
}

function readTable(table: string, text: string): Row[] {
  let rows: Record<string, string>[];
  let columns: readonly string[] = [];
  try {
    rows = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      columns: (names: string[]) => (columns = names),
    });
  } catch (error) {
    throw new Error(`openEsc50: ${table} is not a table: ${(error as Error).message}; expected the columns ${header}`, {
      cause: error,
    });
  }
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    const what = `${table}: column ${missing.map((column) => `"${column}"`).join(', ')} is missing`;
    throw new Error(`openEsc50: ${what}; expected the header ${header}, got ${columns.join(',') || 'an empty file'}`);
  }
  if (rows.length === 0) throw new Error(`openEsc50: ${table} has a header and no rows; download the file again`);
  return rows as Row[];
}

function wholeNumber(text: string, column: string, at: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(
    `openEsc50: ${at}: expected a whole number in column "${column}" (of at most 9 digits), got "${text}"; correct the table`,
  );
}
