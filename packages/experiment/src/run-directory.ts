import { existsSync } from 'node:fs';
import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from './input-error.js';

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
    await writeFile(`${path}.partial`, content, { flush: true }); // or a power cut may leave the name to an empty file
    await rename(`${path}.partial`, path);
  } catch (error) {
    await rm(`${path}.partial`, { force: true }).catch(() => undefined);
    throw cannotWrite(path, error);
  }
}

/** What to say of a file that the system does not let be written; any other error as it is. */
export function cannotWrite(path: string, error: unknown): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (!/^E(?!RR_)/.test(code)) return error; // the system's codes, not Node's
  const next = full.has(code) ? 'make room' : 'see that the folder is there and can be written to';
  return new InputError(`cannot write ${path} (${message}); ${next}, then run the same command again`);
}

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Refuses, before any work is done, a file that can't be written: a folder of its name, or one around it that is closed.
 *
 * @param option what names it on the command line
 */
export async function requireWritableFile(path: string, option = '--out'): Promise<void> {
  if (await isFolder(path)) throw new InputError(`${option} ${path}: expected a file, got a folder; name a file in it`);
  await requireWritable(dirname(path), option);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/**
 * Refuses, before any work is done, a folder that nothing can be written to. Makes nothing.
 *
 * @param folder what `--out` names, or the folder of the file that it names
 * @param option what names it on the command line
 */
export async function requireWritable(folder: string, option = '--out'): Promise<void> {
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
    throw new InputError(
      `${option}: expected a folder that can be written to, got ${folder}: ${at} ${wrong}; name another one`,
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
 * @param next what to do about a damaged file
 * @throws InputError when the file is missing or no JSON
 */
export async function readRunJson<T>(
  run: string,
  file: string,
  next = 'restore it or start a new run in another folder',
): Promise<T> {
  const path = join(run, file);
  if (!existsSync(path)) {
    throw new InputError(
      `${path} is missing; is ${run} the folder of a run? \`audio-ssl pretrain --out ${run}\` makes one`,
    );
  }
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    throw new InputError(`${path} is not valid JSON (${(error as Error).message}); ${next}`);
  }
}

/** As {@link readRunJson}, with another value where there is no such file. */
export async function readRunJsonOr<T>(run: string, file: string, otherwise: T): Promise<T> {
  return existsSync(join(run, file)) ? await readRunJson<T>(run, file) : otherwise;
}
