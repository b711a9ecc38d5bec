import { readTable } from '@audio-ssl/datasets';
import type { Features } from '@audio-ssl/evaluation';
import { openTensors } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { placesFile } from '../embed/write-features.js';
import { InputError } from '../input-error.js';
import { type Fitted, probeMethods, type ProbeMethods, type StageOptions } from './probe-methods.js';
import { type TaskClip, taskOf } from './probe-task.js';

/** The options of {@link probeFeatures}. */
export interface ProbeFeaturesOptions extends StageOptions {
  /** A `.npy` of shape (clips, dims), made by any program. */
  readonly features: string;
  /**
   * A CSV table with a column `label` and, as they are there, `fold`, `group` (clips of one recording, speaker or
   * instrument: never in two folds) and `file`. Its rows are those of the features in their order; where `embed` made the
   * features, rows with a `file` are found by its name in any order, and files that the table leaves out are, too.
   */
  readonly labels: string;
  /** The classifiers; by default the linear probe with its exact solver alone. */
  readonly methods?: ProbeMethods | undefined;
  /** Number of folds where the table has none. Default 5. */
  readonly folds?: number | undefined;
}

/** What a classifier found on features. */
export type ProbedFeatures = Fitted & {
  /** The classifier in words; absent for the linear probe with its exact solver. */
  readonly method?: string;
  readonly clips: number;
  readonly dims: number;
  /** In the order of the numbers in `predictions`. */
  readonly classes: readonly string[];
  /** Share of the largest class. */
  readonly chance: number;
  /** How the folds were made, in words. */
  readonly folds: string;
};

const HEADER = 'label,fold,group,file';

/**
 * Probes features that any program made: the cross-validated classifiers of `probe`, on one matrix. A tensor backend
 * must be running.
 *
 * @returns one result for each classifier
 * @throws InputError or Error naming the file for features that are no matrix or not finite, and for labels that do not fit
 * them or that a probe cannot be trained and tested on; the signal's reason when it is aborted
 * @example
 * const [{ accuracy }] = await probeFeatures({ features: 'x.npy', labels: 'y.csv' });
 */
export async function probeFeatures(options: ProbeFeaturesOptions): Promise<readonly ProbedFeatures[]> {
  const { labels: table, methods = {}, folds = 5, reporter, signal } = options;
  const matrix = await readMatrix(options.features);
  const { rows, clips } = await match(options, matrix.rows);
  const features = rows === undefined ? matrix : rowsOf(matrix, rows);
  const grouped = clips.some(({ group }) => group !== undefined);
  const task = taskOf(clips, {
    table,
    classes: [...new Set(clips.map(({ label }) => label))].sort(),
    groupWord: grouped ? 'group' : 'clip',
    foldCount: folds,
  });
  const results: ProbedFeatures[] = [];
  for (const { words, fit } of probeMethods(methods)) {
    results.push({
      ...(words !== undefined && { method: words }),
      clips: features.rows,
      dims: features.dims,
      classes: task.classNames,
      chance: task.chance,
      folds: task.description,
      ...(await fit('probe', features, task, { reporter, signal })),
    });
  }
  return results;
}

async function readMatrix(path: string): Promise<Features> {
  const file = await openTensors(await openFile(path));
  try {
    const shape = file.tensors.get('array')?.shape;
    if (file.format !== 'npy' || shape?.length !== 2 || shape.includes(0))
      throw new InputError(
        `\`features\` ${path}: expected a .npy of shape (clips, dims), got ${shape ? `shape (${shape.join(', ')})` : file.format}; save one vector a clip`,
      );
    const { data } = await file.read('array');
    const [rows, dims] = shape as [number, number];
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new InputError(
        `\`features\` ${path}: row ${Math.floor(bad / dims)} holds ${data[bad]} (dimension ${bad % dims}); leave that clip out`,
      );
    return { data: data instanceof Float32Array ? data : Float32Array.from(data), rows, dims };
  } finally {
    await file.close();
  }
}

/** The clips of the table, and the row of the features of each, where that is not its own. */
async function match(
  { features, labels: table }: Pick<ProbeFeaturesOptions, 'features' | 'labels'>,
  rowCount: number,
): Promise<{ readonly clips: readonly TaskClip[]; readonly rows?: readonly number[] }> {
  const read = await readTable(table, { caller: 'probe', needed: ['label'], header: HEADER });
  const clips = read.map(({ values, line }, i): TaskClip => {
    const { label, fold, group, file } = values;
    const at = `${table}, line ${line}`;
    if (label === '') throw new InputError(`${at}: has no label; give one, or leave the row out`);
    if (fold !== undefined && !/^\d{1,9}$/.test(fold))
      throw new InputError(`${at}: expected a fold that is a whole number, got '${fold}'`);
    return { id: file ?? String(i), label, ...(fold !== undefined && { fold: Number(fold) }), ...(group && { group }) };
  });
  const places = read[0]!.values['file'] === undefined ? undefined : await readPlaces(placesFile(features));
  if (places === undefined) {
    if (clips.length === rowCount) return { clips };
    throw new InputError(
      `${table} has ${clips.length} rows and ${features} ${rowCount}; give one row of the table for each of the features, in their order`,
    );
  }
  const lines = new Map<number, number>();
  const rows = clips.map(({ id }, i) => {
    const { line } = read[i]!;
    const found = places.byPath.get(id) ?? places.byName.get(basename(id));
    const refuse = (what: string): InputError => new InputError(`${table}, line ${line}: ${id} ${what}`);
    if (found === undefined)
      throw refuse(`is not listed in ${placesFile(features)}; embed it, too, or leave the row out`);
    if (found === 'several') throw refuse(`is listed more than once in ${placesFile(features)}; give a whole path`);
    if (lines.has(found)) throw refuse(`is in line ${lines.get(found)}, too; leave one of them out`);
    lines.set(found, line);
    return found;
  });
  return { clips, rows };
}

/** The row of each file that `embed` wrote, by path and by its name alone; `'several'` for a name that is not unique. */
async function readPlaces(
  path: string,
): Promise<{ readonly byPath: Map<string, number>; readonly byName: Map<string, number | 'several'> } | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const byPath = new Map<string, number>();
  const byName = new Map<string, number | 'several'>();
  for (const line of text.trim().split('\n')) {
    const { file, first, rows } = JSON.parse(line) as { file: string; first: number; rows: number };
    if (rows !== 1)
      throw new InputError(`${path}: ${file} has ${rows} vectors; a probe needs one a clip: embed without \`frames\``);
    byPath.set(file, first);
    const name = basename(file);
    byName.set(name, byName.has(name) ? 'several' : first);
  }
  return { byPath, byName };
}

function rowsOf({ data, dims }: Features, rows: readonly number[]): Features {
  const chosen = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => chosen.set(data.subarray(row * dims, (row + 1) * dims), i * dims));
  return { data: chosen, rows: rows.length, dims };
}
