import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileError } from './file-error.js';

/**
 * Refuses, before any work is done, a folder that nothing can be written to. A folder that does not exist yet is accepted
 * where it can be made; nothing is left behind.
 *
 * @param option name of the option that gave the path, for the message.
 * @throws {@link FileError} naming the option, the path and what is in the way.
 * @example
 * await requireWritableFolder('runs/first', 'out');
 */
export async function requireWritableFolder(path: string, option: string): Promise<void> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch((error: NodeJS.ErrnoException) => error.code);
    if (found === 'ENOENT' || found === 'ENOTDIR') continue; // it will be made, if what is above it allows that
    const wrong =
      typeof found === 'object' && !found.isDirectory()
        ? 'is a file'
        : await tryFolder(at).then(
            () => undefined,
            ({ code }: NodeJS.ErrnoException) => `cannot be written to (${code})`,
          );
    if (wrong === undefined) return;
    throw new FileError(
      `\`${option}\`: expected a folder that can be written to, got ${path}: ${at} ${wrong}; name another one`,
    );
  }
}

/**
 * Refuses, before any work is done, a file that can't be written: a folder of its name, or one around it that is closed.
 *
 * @param option name of the option that gave the path, for the message.
 * @throws {@link FileError} naming the option, the path and what is in the way.
 * @example
 * await requireWritableFile('embeddings.npy', 'out');
 */
export async function requireWritableFile(path: string, option: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) throw new FileError(`\`${option}\` ${path}: expected a file, got a folder; name a file in it`);
  await requireWritableFolder(dirname(path), option);
}

/** Makes a folder and removes it: rights alone do not tell of /proc, where no folder can be made by anybody. */
async function tryFolder(parent: string): Promise<void> {
  await rmdir(await mkdtemp(join(parent, '.audio-ssl-')));
}
