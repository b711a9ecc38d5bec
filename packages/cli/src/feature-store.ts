import { appendFile, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The rows of one file. */
export interface StoredFile {
  readonly file: string;
  /** Where its rows begin. */
  readonly first: number;
  readonly rows: number;
}

/** Rows of features on the disk, file by file: what an interrupted command goes on from. */
export interface FeatureStore {
  /** Values in a row. */
  readonly width: number;
  /** The files that are done, in the order in which they were. */
  readonly files: readonly StoredFile[];
  readonly rows: number;
  has(file: string): boolean;
  /** Adds the rows of a file; they are on the disk when this ends. */
  append(file: string, rows: Float32Array): Promise<void>;
  /** Reads rows, some megabytes of them at a time. */
  read(first: number, rows: number): AsyncGenerator<Float32Array, void, undefined>;
  /** Removes it. */
  remove(): Promise<void>;
}

const PIECE = 2 ** 20; // values: as many whole rows as fit

/**
 * Opens the store in a folder, or makes one. A store of other settings is replaced.
 *
 * The rows are written before the line that tells of them, so that after a crash what is told is there.
 *
 * @param settings all that decides on the features
 */
export async function openFeatureStore(folder: string, settings: object, width: number): Promise<FeatureStore> {
  const [data, journal] = [join(folder, 'rows.f32'), join(folder, 'journal.jsonl')];
  const start = JSON.stringify({ ...settings, width });
  let lines: string[] = [];
  try {
    const [head, ...rest] = (await readFile(journal, 'utf8')).split('\n');
    if (head === start) lines = rest;
    else await rm(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(folder, { recursive: true });
  await appendFile(data, '');
  const there = Math.floor((await stat(data)).size / (4 * width));
  const files: StoredFile[] = [];
  const known = new Set<string>();
  let rows = 0;
  for (const line of lines) {
    const told = parse(line);
    if (!told || rows + told.rows > there) break;
    files.push({ file: told.file, first: rows, rows: told.rows });
    known.add(told.file);
    rows += told.rows;
  }
  await truncate(data, rows * 4 * width);
  const kept = files.map(({ file, rows: count }) => `${JSON.stringify({ file, rows: count })}\n`);
  await writeFile(`${journal}.new`, `${start}\n${kept.join('')}`);
  await rename(`${journal}.new`, journal);

  return {
    width,
    files,
    get rows() {
      return rows;
    },
    has: (file) => known.has(file),
    async append(file, values) {
      await appendFile(data, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      const count = values.length / width;
      await appendFile(journal, `${JSON.stringify({ file, rows: count })}\n`);
      files.push({ file, first: rows, rows: count });
      known.add(file);
      rows += count;
    },
    async *read(first, count) {
      const handle = await open(data, 'r');
      try {
        const end = (first + count) * width;
        const piece = Math.max(1, Math.floor(PIECE / width)) * width;
        for (let at = first * width; at < end;) {
          const values = new Float32Array(Math.min(piece, end - at));
          const bytes = new Uint8Array(values.buffer);
          const { bytesRead } = await handle.read(bytes, 0, bytes.length, at * 4);
          if (bytesRead !== bytes.length) throw new Error(`openFeatureStore: ${data} became shorter while it was read`);
          yield values;
          at += values.length;
        }
      } finally {
        await handle.close();
      }
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** A line of the journal; `undefined` for one that was cut off. */
function parse(line: string): { file: string; rows: number } | undefined {
  try {
    const { file, rows } = JSON.parse(line) as { file?: unknown; rows?: unknown };
    return typeof file === 'string' && Number.isInteger(rows) ? { file, rows: rows as number } : undefined;
  } catch {
    return undefined;
  }
}
