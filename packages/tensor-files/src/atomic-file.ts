import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const CHUNK = 2 ** 24; // well below the 2 GiB that one system call takes
const SMALL = 2 ** 20; // pieces are collected up to this many bytes: a system call for each line would be slow
const TEMPORARY = '.tmp';

/** Names of temporary files that this process is writing. */
const underWay = new Set<string>();

/** The content of a file: whole, or in pieces that are written one after the other. */
export type FileContent = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** How {@link writeAtomically} writes. */
export interface WriteOptions {
  /**
   * Whether to wait until the content is on the disk, so that it outlives a power cut (the default). A cache whose files
   * are checked when they are read can do without, and is written faster.
   */
  readonly flush?: boolean;
}

/**
 * Writes a file so that its name holds either the old content or all of the new, whatever interrupts the process or the
 * machine: a temporary file beside it is written, flushed to the disk and renamed, and its folder is flushed, too. The
 * temporary file has a name of its own in every call and never follows a link; it is removed when writing fails.
 *
 * @param content no more of an iterable than one piece, or a megabyte of small ones, is in memory at once.
 * @throws what the system or the iterable throws; the file is then unchanged.
 * @example
 * await writeAtomically('weights.safetensors', safetensorsChunks(tensors));
 */
export async function writeAtomically(
  path: string,
  content: FileContent,
  { flush = true }: WriteOptions = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}${TEMPORARY}`;
  const file = await open(temporary, 'wx');
  underWay.add(basename(temporary));
  try {
    try {
      for await (const piece of pieces(content)) await writeAll(file, piece);
      if (flush) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    underWay.delete(basename(temporary));
  }
  if (flush) await syncFolder(dirname(path));
}

/**
 * Removes what calls of {@link writeAtomically} left behind in processes that were killed. What a living process of this
 * machine writes stays. Only for who knows that no other machine writes there now, such as the holder of a lock.
 *
 * @param folder a folder that exists.
 * @param name of the one file whose left-overs go; by default those of every file in the folder.
 * @example
 * await removeUnfinished('runs/first/checkpoints');
 */
export async function removeUnfinished(folder: string, name?: string): Promise<void> {
  for (const found of await readdir(folder)) {
    const [, target, pid] = /^(.+)\.(\d+)-[0-9a-f]{12}\.tmp$/.exec(found) ?? [];
    if (target === undefined || (name !== undefined && target !== basename(name))) continue;
    if (!isUnderWay(found, Number(pid))) await rm(join(folder, found), { force: true });
  }
}

/** A process in a container often has the number of the one before it: of one's own, the names are known. */
function isUnderWay(name: string, pid: number): boolean {
  if (pid === process.pid) return underWay.has(name);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Reads a file of any size; Node's `readFile` stops at 2 GiB.
 *
 * @throws Error of the system when there is no such file, and when it becomes shorter in the meantime.
 * @example
 * const { tensors } = readSafetensors(await readWhole(path), path);
 */
export async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array((await file.stat()).size);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, bytes.length - at), at);
      if (bytesRead === 0) throw new Error(`readWhole: ${path} became shorter while it was read; read it again`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** The content as bytes, small pieces joined in memory that is used again for the next ones. */
async function* pieces(content: FileContent): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  const bytesOf = (piece: string | Uint8Array): Uint8Array =>
    typeof piece === 'string' ? encoder.encode(piece) : piece;
  if (typeof content === 'string' || content instanceof Uint8Array) {
    yield bytesOf(content);
    return;
  }
  const joined = new Uint8Array(SMALL);
  let used = 0;
  for await (const piece of content) {
    const bytes = bytesOf(piece);
    if (used + bytes.length > SMALL) {
      if (used > 0) yield joined.subarray(0, used);
      used = 0;
    }
    if (bytes.length > SMALL) yield bytes;
    else {
      joined.set(bytes, used);
      used += bytes.length;
    }
  }
  yield joined.subarray(0, used);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, Math.min(CHUNK, bytes.length - at))).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
