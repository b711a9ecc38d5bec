import type { SoundNotice } from '@audio-ssl/datasets';
import { removeUnfinished, writeAtomically } from '@audio-ssl/tensor-files/node';
import { cannotWrite, lockFolder } from '@audio-ssl/trainer';
import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../input-error.js';

/** The rows of one file. */
export interface StoredFile {
  readonly file: string;
  /** The index of its first row. */
  readonly first: number;
  /** The number of its rows. */
  readonly rows: number;
  /** What is odd about it. */
  readonly notices?: readonly FileNotice[] | undefined;
}

/** A notice without the file, which is said beside it. */
export type FileNotice = Omit<SoundNotice, 'path'>;

/** Which content of a file its features belong to. */
export interface Stamp {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** The features of one file, to be stored. */
export interface FileRows {
  readonly file: string;
  readonly stamp: Stamp | undefined;
  readonly notices?: readonly FileNotice[] | undefined;
  /** (rows, width), row-major, at once or some rows after the others. */
  readonly rows: Float32Array | AsyncIterable<Float32Array>;
}

/** Rows of features on disk, file by file: what an interrupted call of `embed` resumes from. */
export interface FeatureStore {
  /** Values in a row. */
  readonly width: number;
  /** How many files are done. */
  readonly size: number;
  /** How many were done, but their features or the lines about them are not what was written: they count as not done. */
  readonly damaged: number;
  /** Whether a file is done, and has not changed since. */
  has(file: string, stamp: Stamp | undefined): boolean;
  /** Those of the files that are done, in the order given. */
  select(files: readonly string[]): StoredFile[];
  /** Adds the rows of files; they are on disk when this ends. Where the rows of one reject, nothing is added. */
  append(files: readonly FileRows[]): Promise<void>;
  /** Reads rows, some megabytes of them at a time. */
  read(first: number, rows: number): AsyncGenerator<Float32Array, void, undefined>;
  /** Closes it and leaves its content for the next call. */
  close(): Promise<void>;
  /** Closes and deletes it. */
  remove(): Promise<void>;
}

const PIECE = 2 ** 20; // values: as many whole rows as fit

/**
 * Opens the store in a folder, or makes one, for this process alone. A store of other settings is emptied.
 *
 * Rows are on disk before the line of the journal that lists them is written, so that after a crash or a power cut
 * everything listed is there. Each line has a checksum over itself and its rows, which is verified here. A file that is
 * added again replaces the earlier one.
 *
 * @param settings everything that decides the features
 * @param width values in a row
 * @throws InputError or Error when another process writes to it, or it cannot be written
 */
export async function openFeatureStore(folder: string, settings: object, width: number): Promise<FeatureStore> {
  const [data, journal] = [join(folder, 'rows.f32'), join(folder, 'journal.jsonl')];
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new InputError(`${folder} is a file; move it away`) : cannotWrite(folder, error);
  });
  const lock = await lockFolder(folder, {
    file: 'lock',
    held: (who) => `embed: ${who} is writing to ${folder}; wait for it, stop it, or give another \`out\``,
    onTakeOver: () => undefined,
  }).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
  const start = JSON.stringify({ ...settings, width, checksums: 'sha256' });
  const files = new Map<string, Line & StoredFile>();
  let rows = 0;
  let damaged = 0;
  const note = (line: Line): void => {
    files.set(line.file, { ...line, first: rows });
    rows += line.rows;
  };
  const lineOf = (line: Line): string => `${JSON.stringify(line)}\n`;
  const handle = await open(data, 'a+').catch(async (error: unknown) => {
    await lock.release();
    throw cannotWrite(data, error);
  });
  const close = async (): Promise<void> => {
    await handle.close();
    await lock.release();
  };
  async function* read(first: number, count: number): AsyncGenerator<Float32Array, void, undefined> {
    const end = (first + count) * width;
    const piece = Math.max(1, Math.floor(PIECE / width)) * width;
    for (let at = first * width; at < end;) {
      const values = new Float32Array(Math.min(piece, end - at));
      const bytes = bytesOf(values);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, at * 4);
      if (bytesRead !== bytes.length) throw new Error(`openFeatureStore: ${data} became shorter while it was read`);
      yield values;
      at += values.length;
    }
  }
  const isIntact = async (line: Line): Promise<boolean> => {
    const hash = createHash('sha256');
    for await (const values of read(rows, line.rows)) hash.update(bytesOf(values));
    return line.checksum === checksumOf(hash, line);
  };
  try {
    const there = Math.floor((await handle.stat()).size / (4 * width));
    const [head, ...lines] = (await readFile(journal, 'utf8').catch(ifMissing(''))).split('\n');
    const kept: Line[] = [];
    const listed = head === start ? lines.filter(Boolean) : [];
    for (const [i, text] of listed.entries()) {
      const line = parse(text);
      if (!line || rows + line.rows > there) {
        damaged += listed.length - 1 - i; // this one was cut off by a crash, unless others follow
        break;
      }
      if (await isIntact(line)) note(line);
      else {
        damaged++;
        rows += line.rows; // its place stays: those behind it may be intact
      }
      kept.push(line);
    }
    await handle.truncate(rows * 4 * width);
    await removeUnfinished(folder);
    await writeAtomically(journal, `${start}\n${kept.map(lineOf).join('')}`);
  } catch (error) {
    await close();
    throw cannotWrite(journal, error);
  }

  return {
    width,
    get size() {
      return files.size;
    },
    get damaged() {
      return damaged;
    },
    has(file, stamp) {
      const known = files.get(file)?.stamp;
      return known !== undefined && known.size === stamp?.size && known.modified === stamp.modified;
    },
    select: (wanted) =>
      wanted.flatMap((file) => {
        const found = files.get(file);
        return found ? [{ file, first: found.first, rows: found.rows, notices: found.notices }] : [];
      }),
    async append(added) {
      const cannot = (error: unknown): never => {
        throw cannotWrite(folder, error);
      };
      const lines: Line[] = [];
      try {
        for (const { rows: values, ...rest } of added) {
          let count = 0;
          const hash = createHash('sha256');
          for await (const part of values instanceof Float32Array ? [values] : values) {
            hash.update(bytesOf(part));
            await handle.appendFile(bytesOf(part)).catch(cannot);
            count += part.length / width;
            await lock.touch();
          }
          const line = { ...rest, rows: count };
          lines.push({ ...line, checksum: checksumOf(hash, line) });
        }
      } catch (error) {
        await handle.truncate(rows * 4 * width).catch(cannot);
        throw error;
      }
      await handle
        .datasync()
        .then(() => writeFile(journal, lines.map(lineOf).join(''), { flag: 'a' }))
        .catch(cannot);
      lines.forEach(note);
      await lock.touch();
    },
    read,
    close,
    async remove() {
      for (const path of [data, journal]) await rm(path, { force: true });
      await close();
      // Another process may have locked the folder in between.
      await rmdir(folder).catch(() => undefined);
    },
  };
}

/** A line of the journal. */
interface Line {
  readonly file: string;
  readonly rows: number;
  readonly stamp?: Stamp | undefined;
  readonly notices?: readonly FileNotice[] | undefined;
  /** Over the bytes of its rows and what else the line says. */
  readonly checksum?: string;
}

/** Ends a hash of the rows of a line with the line itself. */
function checksumOf(rows: Hash, { file, rows: count, stamp, notices }: Line): string {
  return rows.update(JSON.stringify([file, count, stamp, notices])).digest('hex');
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const ifMissing =
  <T>(otherwise: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code !== 'ENOENT') throw error;
    return otherwise;
  };

/** Reads a line of the journal; `undefined` for one that was cut off. */
function parse(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Record<keyof Line, unknown>>;
    return typeof line.file === 'string' && Number.isInteger(line.rows) && (line.rows as number) >= 0
      ? (line as unknown as Line)
      : undefined;
  } catch {
    return undefined;
  }
}
