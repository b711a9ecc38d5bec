import { leaves, type TensorTree } from '@audio-ssl/params';
import {
  byteSource,
  describeFit,
  fitTree,
  fromTensors,
  openTensors,
  readSafetensors,
  readTree,
  writeSafetensors,
  type Safetensors,
} from '@audio-ssl/tensor-files';
import {
  checksumPlace,
  openFile,
  readWhole,
  sealSafetensors,
  verifyChecksum,
  writeAtomically,
} from '@audio-ssl/tensor-files/node';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cannotWrite, FileError, remedy } from './file-error.js';
import { describeDifferences, type Fingerprint } from './fingerprint.js';
import { runFiles } from './run-files.js';

/** Where a checkpoint lies. */
export interface CheckpointPath {
  readonly path: string;
  /** Number of steps done. */
  readonly step: number;
  /** What fixes the numbers of its run. */
  readonly fingerprint: Fingerprint;
}

/** A checkpoint in memory. */
export interface Checkpoint extends CheckpointPath {
  /** The state's arrays by path, e.g. `student.encoder.norm.weight`. */
  readonly tensors: Safetensors['tensors'];
}

/** Options of the functions that look for a checkpoint. */
export interface CheckpointOptions {
  /** Called with a sentence about each damaged checkpoint that is passed over. Silent by default. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Looks at those of so many steps or fewer only. */
  readonly upTo?: number | undefined;
}

const KEPT = 2;
const NAME = /^step-(\d+)\.safetensors$/;

const folderOf = (run: string): string => join(run, runFiles.checkpoints);

type Listed = Pick<CheckpointPath, 'path' | 'step'>;

/** The checkpoint files of a run, newest first. */
async function list(run: string): Promise<Listed[]> {
  const names = await readdir(folderOf(run)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR')
      throw new FileError(
        `${folderOf(run)} is a file, and the checkpoints are kept in a folder of this name; remove it, or give another folder`,
      );
    throw error;
  });
  return names
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match ? [{ path: join(folderOf(run), name), step: Number(match[1]) }] : [];
    })
    .sort((a, b) => b.step - a.step);
}

/** What `read` makes of the newest checkpoint that it does not throw at; undefined when there is none at all. */
async function firstGood<Result>(
  run: string,
  { onWarning, upTo = Infinity }: CheckpointOptions,
  read: (found: Listed) => Promise<Result>,
): Promise<Result | undefined> {
  const found = (await list(run)).filter(({ step }) => step <= upTo);
  for (const checkpoint of found) {
    try {
      return await read(checkpoint);
    } catch (error) {
      onWarning?.(`train: passed over a damaged checkpoint: ${(error as Error).message}`);
    }
  }
  if (found.length === 0) return undefined;
  throw new Error(
    `train: none of the ${found.length} checkpoints in ${folderOf(run)} can be read; ` +
      'delete them to start the run again, or give another `directory`',
  );
}

/** The fingerprint in a checkpoint's metadata, which must be of the step in its name. */
function fingerprintOf({ path, step }: Listed, get: (key: string) => unknown): Fingerprint {
  if (get('step') !== String(step)) throw new Error(`${path}: its metadata names step ${String(get('step'))}`);
  return JSON.parse(String(get('fingerprint') ?? '')) as Fingerprint;
}

/**
 * Where the newest checkpoint of a run lies that can be resumed from, or undefined when the run has none. Damaged ones are
 * passed over as in resuming: all bytes are compared with the checksum, and no more than some of them are in memory.
 *
 * @param run the run's folder.
 * @throws Error when there are checkpoints and all are damaged.
 * @example
 * const newest = await newestCheckpoint('runs/first');
 * if (newest) console.log(`${newest.path} after ${newest.step} steps`);
 */
export async function newestCheckpoint(
  run: string,
  options: CheckpointOptions = {},
): Promise<CheckpointPath | undefined> {
  return firstGood(run, options, async (found) => {
    const source = await openFile(found.path);
    try {
      await verifyChecksum(source); // those from before there were checksums have none
      const file = await openTensors(source);
      return { ...found, fingerprint: fingerprintOf(found, (key) => file.values.get(key)) };
    } finally {
      await source.close();
    }
  });
}

/**
 * The newest checkpoint of a run that can be read, or undefined when the run has none.
 *
 * @param run the run's folder.
 * @throws Error when there are checkpoints and all are damaged.
 * @example
 * const checkpoint = await readCheckpoint('runs/first');
 * console.log(checkpoint?.step, checkpoint?.tensors.get('student.norm.weight')?.shape);
 */
export async function readCheckpoint(run: string, options: CheckpointOptions = {}): Promise<Checkpoint | undefined> {
  return firstGood(run, options, async (found) => {
    const bytes = await readWhole(found.path);
    await verifyChecksum(byteSource(bytes, found.path));
    const { tensors, metadata } = readSafetensors(bytes, found.path);
    return { ...found, tensors, fingerprint: fingerprintOf(found, (key) => metadata[key]) };
  });
}

/** Makes the folder of the checkpoints. */
export async function prepareFolder(run: string): Promise<void> {
  await mkdir(folderOf(run), { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(folderOf(run), error);
  });
}

/** What a checkpoint holds beside the step. */
export interface CheckpointContent {
  readonly state: TensorTree;
  readonly fingerprint: Fingerprint;
  /** Whatever else the file should say. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes a checkpoint and, once it is safe on the disk, removes all but the newest {@link KEPT}. */
export async function writeCheckpoint(
  run: string,
  step: number,
  { state, fingerprint, metadata }: CheckpointContent,
): Promise<string> {
  const path = join(folderOf(run), `step-${String(step).padStart(8, '0')}.safetensors`);
  const arrays = await fromTensors(leaves(state));
  for (const [name, { data }] of arrays) {
    const bad = data.find((value) => !Number.isFinite(value));
    if (bad !== undefined) {
      throw new Error(
        `train: after ${step} steps '${name}' holds ${bad}, so no checkpoint was written; ${await last(run)}`,
      );
    }
  }
  const own = { step: String(step), fingerprint: JSON.stringify(fingerprint) };
  const bytes = sealSafetensors(writeSafetensors(arrays, { ...checksumPlace, ...metadata, ...own }));
  try {
    await writeAtomically(path, bytes);
  } catch (error) {
    throw new Error(
      `train: could not write ${path} (${Math.ceil(bytes.length / 1e6)} MB): ${(error as Error).message}; ` +
        `${await last(run)}; ${remedy(error)}, then try again: the run resumes from there`,
      { cause: error },
    );
  }
  for (const old of (await list(run)).slice(KEPT)) await rm(old.path, { force: true });
  return path;
}

/** Says which checkpoint is the newest, for error messages. */
export async function last(run: string): Promise<string> {
  const [newest] = await list(run);
  return newest ? `the last checkpoint is ${newest.path} (${newest.step} steps)` : 'there is no checkpoint yet';
}

/** The checkpoint's state in the structure of `template`; refuses another configuration and other shapes. */
export async function restore<S extends TensorTree>(
  { path, fingerprint, tensors }: Checkpoint,
  template: S,
  expected: Fingerprint,
  run: string,
): Promise<S> {
  const refuse = (what: string): never => {
    throw new Error(
      `train: ${run} holds a run of another configuration: ${what}; ` +
        'resume it with the old values or give another `directory`',
    );
  };
  const differences = describeDifferences(fingerprint, expected);
  if (differences !== '') refuse(differences);
  const problems = describeFit(fitTree(leaves(template), tensors));
  if (problems !== '') refuse(`in ${path} ${problems}`);
  return readTree(template, (name) => tensors.get(name)!);
}

/** Sets the damaged checkpoints aside that were passed over for the one of `step`: they are neither counted nor read again. */
export async function setAsideNewer(run: string, step: number): Promise<void> {
  for (const { path, step: found } of await list(run)) {
    if (found > step) await rename(path, `${path}.damaged`);
  }
}
