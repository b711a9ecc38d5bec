import { basename, join, resolve } from 'node:path';

import { audioFolder } from './audio-folder.js';
import type { Clip, Dataset, DatasetLayout } from './dataset.js';
import { readTable, type TableRow } from './read-table.js';
import { isFile, requireFolder } from './require-folder.js';

const header = 'filename,fold,target,category,esc10,src_file,take';
const needed = ['filename', 'fold', 'target', 'category'] as const;
type Row = TableRow<(typeof needed)[number]>;

const tableIn = (root: string): string => join(root, 'meta', 'esc50.csv');

/**
 * ESC-50 as its authors publish it: `meta/esc50.csv` with their five folds, and `audio/`, whose files may have been
 * converted to another format. `group` is the source recording (4 of the 1524 occur in two of the official folds). Any data
 * set with the same table can be opened, too, and is named after its folder.
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
  const rows = await readRows(table, root);
  const { find, skipped } = await audioFolder('openEsc50', root);
  const categories = new Map<number, string>();
  const targets = new Map<string, number>();
  const listed = new Map<string, { readonly line: number; readonly fold: number }>();
  const clips = rows.map(({ values, line }): Clip => {
    const at = `${table}, line ${line}`;
    const { filename, category } = values;
    requireValue(filename, 'filename', at);
    requireValue(category, 'category', at);
    const target = wholeNumber(values.target, 'target', at);
    const fold = wholeNumber(values.fold, 'fold', at);
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
    const path = find(filename);
    const before = listed.get(path);
    if (before)
      throw new Error(
        `openEsc50: ${at}: expected every clip once, got "${filename}" a second time (line ${before.line}: fold ${before.fold}, here: fold ${fold}); remove one of the two lines`,
      );
    listed.set(path, { line, fold });
    return {
      ...{ id: filename, path, label: category, fold },
      ...(values.src_file === undefined ? {} : { group: values.src_file }),
    };
  });
  const classes = [...categories].sort(([a], [b]) => a - b).map(([, category]) => category);
  const opened = { name: basename(resolve(root)), root: resolve(root), table, clips, skipped, classes };
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

async function readRows(table: string, root: string): Promise<Row[]> {
  return readTable(table, { caller: 'openEsc50', needed, header }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error;
    const missing = `openEsc50: cannot read ${table} (${error.code})`;
    throw new Error(`${missing}; expected the folder that holds meta/ and audio/, usually ESC-50-master, got ${root}`);
  });
}

function requireValue(value: string, column: string, at: string): void {
  if (value !== '') return;
  throw new Error(`openEsc50: ${at}: expected a value in column "${column}", got none; correct the table`);
}

function wholeNumber(text: string, column: string, at: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(
    `openEsc50: ${at}: expected a whole number in column "${column}" (of at most 9 digits), got "${text}"; correct the table`,
  );
}
