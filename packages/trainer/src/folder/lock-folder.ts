import { readFileSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  /** When the process started, where the system shows it: process numbers are used again. */
  readonly started: string | null;
  readonly host: string;
}

/** A held folder. */
export interface FolderLock {
  /** Shows processes on other machines that this one is alive; cheap to call at every step. */
  touch(): Promise<void>;
  /** Releases the folder. */
  release(): Promise<void>;
}

const TOUCH_EVERY = 30_000;
const DEAD_AFTER = 10 * 60_000; // on another machine only the age of the last sign of life can be seen

/** What {@link lockFolder} says, and the name of its file. */
export interface LockOptions {
  /** Name of the lock's file in the folder. */
  readonly file: string;
  /** The error for a folder that `who` (such as `process 12 on host`) holds; the path of the lock is added. */
  readonly held: (who: string) => string;
  /** Called when the lock of a process that is gone was taken over. */
  readonly onTakeOver: () => void;
}

/**
 * Takes a folder for this process. The lock of a process that is gone is taken over.
 *
 * @throws Error when a living process holds it.
 * @example
 * const lock = await lockFolder('out', { file: 'lock', held: (who) => `${who} writes to out; wait for it`, onTakeOver: () => {} });
 * await lock.release();
 */
export async function lockFolder(directory: string, options: LockOptions): Promise<FolderLock> {
  const path = join(directory, options.file);
  const self: Holder = { pid: process.pid, started: startOf(process.pid), host: hostname() };
  const content = JSON.stringify(self);
  for (let tries = 0; ; tries++) {
    try {
      await writeFile(path, content, { flag: 'wx' });
      break;
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!taken) await rm(path, { force: true }); // made, and then the disk was full
      if (!taken || tries === 5) throw error;
    }
    await removeStale(path, options);
  }
  let touched = Date.now();
  return {
    touch: async () => {
      if (Date.now() - touched < TOUCH_EVERY) return;
      touched = Date.now();
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined); // a folder that went away shows at the next checkpoint
    },
    release: async () => {
      if ((await readFile(path, 'utf8').catch(() => '')) === content) await rm(path, { force: true });
    },
  };
}

async function removeStale(path: string, { held, onTakeOver }: LockOptions): Promise<void> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  const modified = await stat(path).catch(() => undefined);
  if (content === undefined || !modified) return; // released in the meantime
  const holder = parse(content);
  const age = Date.now() - modified.mtimeMs;
  // A lock without a readable holder was cut off while it was written, or is being written now.
  const alive = holder ? isAlive(holder, age) : age < 2000;
  if (alive) {
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    throw new Error(`${held(who)}. If it is surely gone, delete ${path}`);
  }
  // Moved aside and looked at again, so that a lock which another process took in between is put back.
  const aside = `${path}.${process.pid}`;
  if (
    !(await rename(path, aside)
      .then(() => true)
      .catch(() => false))
  )
    return;
  if ((await readFile(aside, 'utf8')) !== content) await rename(aside, path);
  else await rm(aside, { force: true });
  onTakeOver();
}

/**
 * Who holds a folder, in words; undefined where nobody does or only a process that is gone. Changes nothing.
 *
 * @param file name of the lock's file in the folder.
 * @example
 * console.log((await lockHolder('runs/first', runFiles.lock)) ?? 'nobody'); // process 12 on host
 */
export async function lockHolder(directory: string, file: string): Promise<string | undefined> {
  const path = join(directory, file);
  const content = await readFile(path, 'utf8').catch(() => undefined);
  const modified = await stat(path).catch(() => undefined);
  const holder = content === undefined ? undefined : parse(content);
  if (!holder || !modified || !isAlive(holder, Date.now() - modified.mtimeMs)) return undefined;
  return `process ${holder.pid} on ${holder.host}`;
}

function isAlive({ pid, started, host }: Holder, age: number): boolean {
  if (host !== hostname()) return age < DEAD_AFTER;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started === startOf(pid);
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
