import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.partial`, content);
  await rename(`${path}.partial`, path);
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
