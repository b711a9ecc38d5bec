import { existsSync } from 'node:fs';
import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from './user-error.js';

/** Where a run keeps its files. */
export const runFiles = {
  config: 'config.json',
  environment: 'environment.json',
  weights: 'weights.safetensors',
  summary: 'summary.json',
  examples: join('report', 'examples.json'),
  neighbours: join('report', 'neighbours.json'),
  probes: join('report', 'probes.json'),
  report: 'report.html',
} as const;

/** Writes a file of a run so that a reader never sees half of it. */
export async function writeRunFile(run: string, file: string, content: string | Uint8Array): Promise<void> {
  const path = join(run, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial`, content);
    await rename(`${path}.partial`, path);
  } catch (error) {
    await rm(`${path}.partial`, { force: true }).catch(() => undefined);
    const { code = '', message } = error as NodeJS.ErrnoException;
    const next = full.has(code) ? 'make room' : 'see that the folder is there and can be written to';
    throw new UserError(`cannot write ${path} (${message}); ${next}, then run the same command again`);
  }
}

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Refuses, before any work is done, a folder that nothing can be written to. Makes nothing.
 *
 * @param folder what `--out` names, or the folder of the file that it names
 */
export async function requireWritable(folder: string): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = await stat(at).catch((error: NodeJS.ErrnoException) => error.code);
    if (found === 'ENOENT' || found === 'ENOTDIR') continue; // it will be made, if what is above it allows that
    const wrong =
      typeof found === 'object' && !found.isDirectory()
        ? 'is a file'
        : await access(at, constants.W_OK).then(
            () => undefined,
            ({ code }: NodeJS.ErrnoException) => `cannot be written to (${code})`,
          );
    if (wrong === undefined) return;
    throw new UserError(
      `--out: expected a folder that can be written to, got ${folder}: ${at} ${wrong}; name another one`,
    );
  }
}

/** Writes a value of a run as JSON. */
export async function writeRunJson(run: string, file: string, value: unknown): Promise<void> {
  await writeRunFile(run, file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * Reads a value of a run.
 *
 * @throws UserError when the file is missing or no JSON
 */
export async function readRunJson<T>(run: string, file: string): Promise<T> {
  const path = join(run, file);
  if (!existsSync(path)) {
    throw new UserError(
      `${path} is missing; is ${run} the folder of a run? \`audio-ssl pretrain --out ${run}\` makes one`,
    );
  }
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    throw new UserError(
      `${path} is not valid JSON (${(error as Error).message}); restore it or start a new run in another folder`,
    );
  }
}

/** As {@link readRunJson}, with another value where there is no such file. */
export async function readRunJsonOr<T>(run: string, file: string, otherwise: T): Promise<T> {
  return existsSync(join(run, file)) ? await readRunJson<T>(run, file) : otherwise;
}
