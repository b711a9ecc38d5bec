import { openTensors, type TensorFile } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { newestCheckpoint, runFiles } from '@audio-ssl/trainer';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from './input-error.js';
import type { Reporter } from './reporter.js';
import { runMetadata } from './run-metadata.js';
import { readRunRecord } from './run-record.js';

/**
 * Opens the tensors of a checkpoint file, or of the newest checkpoint of a run that can be read (before the first one: of
 * its weights), with what its configuration says beside them (attention heads, statistics, front end).
 *
 * @param path a file, or the folder of a run
 * @returns to be closed by the caller
 * @throws InputError when there is none; Error when it is damaged
 * @example
 * const file = await openCheckpoint('runs/first');
 */
export async function openCheckpoint(
  path: string,
  { reporter }: { readonly reporter?: Reporter | undefined } = {},
): Promise<TensorFile> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; check the path`);
  if (!isFolder(path)) return await openTensors(await openFile(path));
  const { config, measured } = await readRunRecord(path);
  const newest = await newestCheckpoint(path, { onWarning: (message) => reporter?.warning?.(message) });
  const found = newest?.path ?? join(path, runFiles.weights);
  if (!existsSync(found)) throw new InputError(`${path} has no checkpoint yet; pretrain it first`);
  const file = await openTensors(await openFile(found));
  return { ...file, values: new Map([...file.values, ...Object.entries(runMetadata(config, measured))]) };
}

/** Whether a path is a folder, and so that of a run. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
