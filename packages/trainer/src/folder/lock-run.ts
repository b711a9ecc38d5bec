import { removeUnfinished } from '@audio-ssl/tensor-files/node';
import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cannotWrite } from './file-error.js';
import { lockFolder, type FolderLock } from './lock-folder.js';
import { runFiles } from './run-files.js';

/** How {@link lockRun} speaks. */
export interface LockRunOptions {
  /** The option that names the folder, for messages. Default `directory`. */
  readonly option?: string;
  /** Called with a sentence about a lock that was taken over. Silent by default. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Takes the folder of a run for this process, before the first byte is written into it; makes it when it is missing. What
 * writes of processes that are gone left unfinished in it is removed. A folder that was made for nothing goes when it is
 * released.
 *
 * @param run the run's folder.
 * @returns what `train` takes as `lock`; released by the caller, after the last byte.
 * @throws {@link FileError} when a living process holds it, or it cannot be made.
 * @example
 * const lock = await lockRun('runs/first');
 * try {
 *   await writeJson('runs/first/config.json', config);
 *   const { state } = await train({ ...options, directory: 'runs/first', lock });
 * } finally {
 *   await lock.release();
 * }
 */
export async function lockRun(run: string, options: LockRunOptions = {}): Promise<FolderLock> {
  const { option = 'directory', onWarning } = options;
  const made = await mkdir(run, { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(run, error);
  });
  const lock = await lockFolder(run, {
    file: runFiles.lock,
    held: (who) => `${who} is training in ${run}; wait for it, stop it, or give another \`${option}\``,
    onTakeOver: () => onWarning?.(`${run}: took over from a process that is gone`),
  });
  try {
    for (const path of [runFiles.checkpoints, dirname(runFiles.examples)])
      await removeUnfinished(join(run, path)).catch(ignoreMissing);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return {
    touch: () => lock.touch(),
    release: async () => {
      await lock.release();
      if (made !== undefined) await rmdir(run).catch(() => undefined); // where it is empty
    },
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
