import { fromTensors, readSafetensors, toTensor, writeSafetensors, type Safetensors } from '@audio-ssl/tensor-files';
import { leaves, mapTree, type TensorTree } from '@audio-ssl/params';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readWhole, TEMPORARY, writeAtomically } from './atomic-file.js';
import { describeDifferences, type Fingerprint } from './fingerprint.js';

/** A checkpoint as it lies on the disk. */
export interface Checkpoint {
  readonly path: string;
  /** Number of steps done. */
  readonly step: number;
  readonly fingerprint: Fingerprint;
  /** The state's arrays by path, e.g. `student.encoder.norm.weight`. */
  readonly tensors: Safetensors['tensors'];
}

const KEPT = 2;
const NAME = /^step-(\d+)\.safetensors$/;

const folderOf = (directory: string): string => join(directory, 'checkpoints');

/** The checkpoint files of a run, newest first. */
async function list(directory: string): Promise<{ path: string; step: number }[]> {
  const names = await readdir(folderOf(directory)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match ? [{ path: join(folderOf(directory), name), step: Number(match[1]) }] : [];
    })
    .sort((a, b) => b.step - a.step);
}

/**
 * The newest checkpoint of a run that can be read, or undefined when the run has none.
 *
 * @param directory the run's folder.
 * @param warn told about each damaged checkpoint that is passed over. Default `console.warn`.
 * @throws Error when there are checkpoints and all are damaged.
 * @example
 * const checkpoint = await readCheckpoint('runs/first');
 * console.log(checkpoint?.step, checkpoint?.tensors.get('student.norm.weight')?.shape);
 */
export async function readCheckpoint(
  directory: string,
  warn: (message: string) => void = console.warn,
): Promise<Checkpoint | undefined> {
  const found = await list(directory);
  for (const { path, step } of found) {
    try {
      const { tensors, metadata } = readSafetensors(await readWhole(path), path);
      if (metadata['step'] !== String(step)) throw new Error(`${path}: its metadata names step ${metadata['step']}`);
      return { path, step, tensors, fingerprint: JSON.parse(metadata['fingerprint'] ?? '') as Fingerprint };
    } catch (error) {
      warn(`train: passed over a damaged checkpoint: ${(error as Error).message}`);
    }
  }
  if (found.length === 0) return undefined;
  throw new Error(
    `train: none of the ${found.length} checkpoints in ${folderOf(directory)} can be read; ` +
      'delete them to start the run again, or take another folder (--out another folder)',
  );
}

/** Makes the folder and removes what an interrupted write left behind. */
export async function prepareCheckpoints(directory: string): Promise<void> {
  const folder = folderOf(directory);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.endsWith(TEMPORARY)) await rm(join(folder, name), { force: true });
}

/** Writes a checkpoint and, once it is safe on the disk, removes all but the newest {@link KEPT}. */
export async function writeCheckpoint(
  directory: string,
  step: number,
  state: TensorTree,
  fingerprint: Fingerprint,
): Promise<string> {
  const path = join(folderOf(directory), `step-${String(step).padStart(8, '0')}.safetensors`);
  const arrays = await fromTensors(leaves(state));
  for (const [name, { data }] of arrays) {
    const bad = data.find((value) => !Number.isFinite(value));
    if (bad !== undefined) {
      throw new Error(
        `train: after ${step} steps '${name}' holds ${bad}, so no checkpoint was written; ${await last(directory)}`,
      );
    }
  }
  const bytes = writeSafetensors(arrays, { step: String(step), fingerprint: JSON.stringify(fingerprint) });
  try {
    await writeAtomically(path, bytes);
  } catch (error) {
    throw new Error(
      `train: could not write ${path} (${Math.ceil(bytes.length / 1e6)} MB): ${(error as Error).message}; ` +
        `${await last(directory)}. ${remedy(error)} and run the same command again to go on from there`,
      { cause: error },
    );
  }
  for (const old of (await list(directory)).slice(KEPT)) await rm(old.path, { force: true });
  return path;
}

function remedy(error: unknown): string {
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
  return full ? 'Make room' : 'See that the folder is there and can be written to';
}

/** Says which checkpoint is the newest, for error messages. */
export async function last(directory: string): Promise<string> {
  const [newest] = await list(directory);
  return newest ? `the last checkpoint is ${newest.path} (${newest.step} steps)` : 'there is no checkpoint yet';
}

/** The checkpoint's state in the structure of `template`; refuses another configuration and other shapes. */
export function restore<S extends TensorTree>(
  { path, fingerprint, tensors }: Checkpoint,
  template: S,
  expected: Fingerprint,
  directory: string,
): S {
  const refuse = (what: string): never => {
    throw new Error(
      `train: ${directory} holds a run of another configuration: ${what}; ` +
        'go on with the old values or take another folder (--out another folder)',
    );
  };
  const differences = describeDifferences(fingerprint, expected);
  if (differences !== '') refuse(differences);

  const wanted = new Map(leaves(template).map(([name, leaf]) => [name, leaf.shape.join('x')]));
  const saved = new Map([...tensors].map(([name, { shape }]) => [name, shape.join('x')]));
  const problems = [
    ...[...wanted.keys()].filter((name) => !saved.has(name)).map((name) => `'${name}' is missing`),
    ...[...saved.keys()].filter((name) => !wanted.has(name)).map((name) => `'${name}' is left over`),
    ...[...wanted].flatMap(([name, shape]) => {
      const there = saved.get(name);
      return there === undefined || there === shape ? [] : [`'${name}' is [${there}], expected [${shape}]`];
    }),
  ];
  if (problems.length > 0) refuse(`in ${path} ${listed(problems)}`);
  return mapTree(template, (_, name) => toTensor(tensors.get(name)!));
}

/** Sets the damaged checkpoints aside that were passed over for the one of `step`: they are neither counted nor read again. */
export async function setAsideNewer(directory: string, step: number): Promise<void> {
  for (const { path, step: found } of await list(directory)) {
    if (found > step) await rename(path, `${path}.damaged`);
  }
}

function listed(problems: readonly string[]): string {
  const shown = problems.slice(0, 6).join(', ');
  return problems.length > 6 ? `${shown}, and ${problems.length - 6} more` : shown;
}
