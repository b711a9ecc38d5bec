import { removeUnfinished } from '@audio-ssl/tensor-files/node';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lstat, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cannotWrite, FileError } from './file-error.js';

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  /** When the process started, where the system shows it: process numbers are used again. */
  readonly started: string | null;
  readonly host: string;
  /** Tells one lock of a process from its next one. */
  readonly nonce: string;
}

/** A held folder. */
export interface FolderLock {
  /**
   * Shows processes on other machines that this one is alive; cheap to call at every step. A timer does it, too: this is for
   * work that lets no timer run for minutes.
   */
  touch(): Promise<void>;
  /** Releases the folder. */
  release(): Promise<void>;
}

const TOUCH_EVERY = 30_000;
const DEAD_AFTER = 10 * 60_000; // on another machine only the age of the last sign of life can be seen
const CUT_OFF_AFTER = 2000; // a lock without a readable holder was cut off while it was written, or is being written now
const LOOK_EVERY = 50;
const TAKE_OVER_WITHIN = 15_000;

/** What {@link lockFolder} says, and the name of its file. */
export interface LockOptions {
  /** Name of the lock's file in the folder. */
  readonly file: string;
  /** The message for a folder that `who` (such as `process 12 on host`) holds; the path of the lock is added. */
  readonly held: (who: string) => string;
  /** Called when the lock of a process that is gone was taken over. */
  readonly onTakeOver: () => void;
  /** Milliseconds to wait for a living process to release it. Default 0. */
  readonly wait?: number;
}

/**
 * Takes a folder for this process. The lock of a process that is gone is taken over, and what its writes left unfinished in
 * the folder is removed.
 *
 * @throws {@link FileError} when a living process holds it, or something that is no lock has the lock's name.
 * @example
 * const lock = await lockFolder('out', { file: 'lock', held: (who) => `${who} writes to out; wait for it`, onTakeOver: () => {} });
 * await lock.release();
 */
export async function lockFolder(directory: string, options: LockOptions): Promise<FolderLock> {
  const path = join(directory, options.file);
  const content = contentOf(self());
  const began = Date.now();
  while (!(await create(path, content))) {
    const found = await look(path);
    if (found === undefined) continue; // released in the meantime
    const alive = isAlive(found);
    if (Date.now() - began >= (alive ? (options.wait ?? 0) : TAKE_OVER_WITHIN))
      throw new FileError(`${options.held(nameOf(found.holder))}. If it is surely gone, delete ${path}`);
    if (alive) await sleep(LOOK_EVERY);
    else if (await takeOver(path, found, content)) {
      options.onTakeOver();
      break;
    }
  }
  await removeGuards(directory, options.file); // nobody decides about an earlier lock any more
  await removeUnfinished(directory);
  let touched = Date.now();
  const touch = async (): Promise<void> => {
    if (Date.now() - touched < TOUCH_EVERY) return;
    touched = Date.now();
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined); // a folder that went away shows at the next checkpoint
  };
  const timer = setInterval(() => void touch(), TOUCH_EVERY + 1).unref();
  return {
    touch,
    release: async () => {
      clearInterval(timer);
      if ((await readFile(path, 'utf8').catch(() => '')) === content) await rm(path, { force: true });
    },
  };
}

/**
 * Who holds a folder, in words; undefined where nobody does or only a process that is gone. Changes nothing.
 *
 * @param file name of the lock's file in the folder.
 * @example
 * console.log((await lockHolder('runs/first', runFiles.lock)) ?? 'nobody'); // process 12 on host
 */
export async function lockHolder(directory: string, file: string): Promise<string | undefined> {
  const found = await look(join(directory, file)).catch(() => undefined);
  return found?.holder && isAlive(found) ? nameOf(found.holder) : undefined;
}

const self = (): Holder => ({
  pid: process.pid,
  started: startOf(process.pid),
  host: hostname(),
  nonce: randomBytes(8).toString('hex'),
});
const contentOf = (holder: Holder): string => JSON.stringify(holder);
const nameOf = (holder: Holder | undefined): string =>
  holder ? `process ${holder.pid} on ${holder.host}` : 'another process';

/** Makes the file unless there is one. */
async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(path, { force: true }).catch(() => undefined); // made, and then the disk was full
    throw cannotWrite(path, error);
  }
  // This process may have been stopped for so long before it wrote that another took the lock for one that was cut off.
  return (await readFile(path, 'utf8').catch(() => '')) === content;
}

/** A lock as it was found. */
interface Found {
  readonly content: string;
  readonly holder: Holder | undefined;
  /** When it was made or touched, in ms. */
  readonly modified: number;
}

async function look(path: string): Promise<Found | undefined> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  if (!stats.isFile())
    throw new FileError(
      `${path} is ${stats.isDirectory() ? 'a folder' : 'no plain file'}, and the lock has this name; remove it, or give another folder`,
    );
  const content = await readFile(path, 'utf8').catch(() => undefined);
  return content === undefined ? undefined : { content, holder: parse(content), modified: stats.mtimeMs };
}

/**
 * Puts `content` in the place of a lock whose holder is gone. A lock of its own guards that, named for what is replaced: of
 * all processes that found the dead lock one at a time looks whether it is still there, and replaces it, by a rename. So the
 * lock's name never stands for nothing, and no lock is replaced that another process took in between.
 *
 * @returns false when another process was faster
 */
async function takeOver(path: string, dead: Found, content: string): Promise<boolean> {
  const mark = createHash('sha256')
    .update(`${dead.content} ${dead.content === '' ? dead.modified : ''}`)
    .digest('hex');
  const guard = `${path}.${mark.slice(0, 16)}`;
  const own = contentOf(self());
  if (!(await create(guard, own))) {
    const found = await look(guard);
    if (found === undefined || isAlive(found)) await sleep(LOOK_EVERY / 5);
    else if (!(await takeOver(guard, found, own)))
      return false; // of a process that died right here
    else return await replace();
    return false;
  }
  return await replace();

  async function replace(): Promise<boolean> {
    try {
      if ((await readFile(path, 'utf8').catch(() => undefined)) !== dead.content) return false;
      const next = `${guard}.next`;
      await rm(next, { force: true });
      await writeFile(next, content, { flag: 'wx' });
      await rename(next, path);
      return true;
    } finally {
      await rm(guard, { force: true });
    }
  }
}

/** Removes guards that were left behind; for the holder of the lock. */
async function removeGuards(directory: string, file: string): Promise<void> {
  const pattern = /^\.[0-9a-f]{16}(\.|$)/;
  for (const name of await readdir(directory).catch(() => []))
    if (name.startsWith(file) && pattern.test(name.slice(file.length)))
      await rm(join(directory, name), { force: true });
}

function isAlive({ holder, modified }: Found): boolean {
  const age = Date.now() - modified;
  if (holder === undefined) return age < CUT_OFF_AFTER;
  if (holder.host !== hostname()) return age < DEAD_AFTER;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.started === startOf(holder.pid);
}

/** The start time of a process in clock ticks after boot (Linux, proc(5), field 22 of stat), or null elsewhere. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null; // the name in brackets may hold spaces
  } catch {
    return null;
  }
}

function parse(content: string): Holder | undefined {
  try {
    const holder = JSON.parse(content) as Holder;
    return Number.isInteger(holder.pid) && typeof holder.host === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}
