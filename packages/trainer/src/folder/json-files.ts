import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeAtomically, type FileContent } from '@audio-ssl/tensor-files/node';
import { cannotWrite, FileError } from './file-error.js';

/**
 * Writes a file of a run, and the folders around it, so that a reader never sees half of it.
 *
 * @param run the run's folder.
 * @param file its path in the run, such as `runFiles.report`.
 * @throws {@link FileError} naming the file when the system does not let it be written.
 * @example
 * await writeRunFile('runs/first', runFiles.report, page);
 */
export async function writeRunFile(run: string, file: string, content: FileContent): Promise<void> {
  const path = join(run, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, content);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/**
 * Writes a value as JSON, and the folders around the file, so that a reader never sees half of it.
 *
 * @throws {@link FileError} naming the file when the system does not let it be written.
 * @example
 * await writeJson(join(run, runFiles.summary), { steps: 100 });
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeRunFile(dirname(path), basename(path), `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * Reads a JSON file. The type is the caller's promise: nothing is checked but the syntax.
 *
 * @param next what to do about a damaged file.
 * @throws {@link FileError} naming the file when it is missing or is not JSON.
 * @example
 * const { steps } = await readJson<{ steps: number }>(join(run, runFiles.summary));
 */
export async function readJson<T>(path: string, next = 'restore it or start a new run in another folder'): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new FileError(
      error.code === 'ENOENT'
        ? `${path} is missing; is ${dirname(path)} the folder of a run?`
        : `cannot read ${path} (${error.message}); check the path`,
      { cause: error },
    );
  });
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new FileError(`${path} is not valid JSON (${(error as Error).message}); ${next}`, { cause: error });
  }
}

/**
 * As {@link readJson}, with another value where there is no such file.
 *
 * @example
 * const probes = await readJsonOr<readonly Probe[]>(join(run, runFiles.probes), []);
 */
export async function readJsonOr<T>(path: string, otherwise: T): Promise<T> {
  return existsSync(path) ? await readJson<T>(path) : otherwise;
}
