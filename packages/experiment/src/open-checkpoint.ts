import type { TensorFile } from '@audio-ssl/tensor-files';
import { openTensorsAt } from '@audio-ssl/pretrained/node';
import { openFile, verifyChecksum } from '@audio-ssl/tensor-files/node';
import { newestCheckpoint, runFiles } from '@audio-ssl/trainer';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from './input-error.js';
import type { Reporter } from './reporter.js';
import { runMetadata } from './run-metadata.js';
import { readRunRecord, type RunRecord } from './run-record.js';

/** Which tensors {@link openCheckpoint} opens of a run. */
export interface OpenCheckpointOptions {
  /** The checkpoint after so many steps; the newest one by default. Only for the folder of a run. */
  readonly atStep?: number | undefined;
  /** Takes the weights of a finished run, which are its encoder alone, in place of its newest checkpoint. */
  readonly preferWeights?: boolean | undefined;
  readonly reporter?: Reporter | undefined;
}

/**
 * Opens the tensors of a checkpoint file, of a folder as the Hugging Face Hub lays it out, or of a run: those of its newest
 * checkpoint that can be read (before the first one: of its weights), with what its configuration says beside them
 * (attention heads, statistics, front end).
 *
 * @param path a file or a folder
 * @returns to be closed by the caller
 * @throws InputError when there is none, and when the files of a run are of two runs; Error when it is damaged
 * @example
 * const file = await openCheckpoint('runs/first');
 */
export async function openCheckpoint(path: string, options: OpenCheckpointOptions = {}): Promise<TensorFile> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; check the path`);
  if (!isRunFolder(path)) {
    if (options.atStep !== undefined)
      throw new InputError(`\`atStep\`: ${path} is not the folder of a run; leave it out`, 'option');
    return await openTensorsAt(path);
  }
  // A run of a method of one's own may have no record: its files say what they are.
  const record = existsSync(join(path, runFiles.config)) ? await readRunRecord(path) : undefined;
  const found = await tensorsOf(path, options);
  const file = await openTensorsAt(found);
  try {
    return record ? described(path, file, record) : file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file with a run's tensors. */
async function tensorsOf(run: string, { atStep, preferWeights, reporter }: OpenCheckpointOptions): Promise<string> {
  const weights = join(run, runFiles.weights);
  if (atStep !== undefined) return await checkpointAt(run, atStep);
  if (preferWeights === true && existsSync(weights)) {
    await requireIntact(weights);
    return weights;
  }
  const newest = await newestCheckpoint(run, { onWarning: (message) => reporter?.warning?.(message) });
  if (!newest && !existsSync(weights)) throw new InputError(`${run} has no checkpoint yet; pretrain it first`);
  if (newest && preferWeights === true)
    reporter?.note?.(`${run} has not finished: took its newest checkpoint, after ${newest.step} steps`);
  return newest?.path ?? weights;
}

const CHECKPOINT = /^step-(\d+)\.safetensors$/;

async function checkpointAt(run: string, step: number): Promise<string> {
  const folder = join(run, runFiles.checkpoints);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => CHECKPOINT.test(name)) : [];
  const stepOf = (name: string): number => Number(CHECKPOINT.exec(name)?.[1]);
  const found = names.find((name) => stepOf(name) === step);
  if (found === undefined) {
    const kept = names.map(stepOf).sort((a, b) => a - b);
    throw new InputError(
      `\`atStep\`: ${run} has no checkpoint after step ${step}; ${kept.length > 0 ? `it keeps those after ${kept.join(' and ')}` : 'it has none yet'}`,
      'option',
    );
  }
  await requireIntact(join(folder, found));
  return join(folder, found);
}

/** @throws InputError for a file whose bytes have not the checksum that they carry, if they carry one */
export async function requireIntact(path: string): Promise<void> {
  const source = await openFile(path);
  try {
    await verifyChecksum(source);
  } catch (error) {
    throw new InputError(
      `${(error as Error).message}; restore it, or pretrain again with the same options to write it anew`,
    );
  } finally {
    await source.close();
  }
}

/** What features depend on; the rest of the metadata may differ between the files of one run. */
const TOLD = ['patch', 'bins', 'numHeads', 'frontEnd', 'mean', 'std', 'chunkFrames'];

/** A file of a run with what its configuration says, which may not be another than what the file says of itself. */
function described(run: string, file: TensorFile, { config, measured }: RunRecord): TensorFile {
  const metadata = runMetadata(config, measured);
  const { encoder } = config.model;
  const { embedDim, depth } = sizesOf(file);
  const said: (readonly [what: string, inFile: unknown, inConfig: unknown])[] = [
    ...TOLD.map((key) => [key, file.values.get(key), metadata[key]] as const),
    ['embedDim', embedDim, encoder.embedDim],
    ['depth', depth, encoder.depth],
  ];
  const problems = said.filter(([, inFile, inConfig]) => inFile !== undefined && String(inFile) !== String(inConfig));
  if (problems.length > 0) {
    const words = problems.map(([what, inFile, inConfig]) => `${what} should be ${inConfig}, is ${inFile}`);
    throw new InputError(
      `${file.name} is of another run than ${join(run, runFiles.config)}: ${words.join(', ')}; put back the files of one run`,
    );
  }
  return { ...file, values: new Map([...Object.entries(metadata), ...file.values]) };
}

/** The sizes of the student's encoder, where its tensors have our names. */
function sizesOf({ tensors }: TensorFile): { readonly embedDim?: number | undefined; readonly depth?: number } {
  const token = tensors.get('student.cls_token') ?? tensors.get('cls_token');
  const blocks = new Set<string>();
  for (const name of tensors.keys()) {
    const block = /^(?:student\.)?encoder\.blocks\.(\d+)\./.exec(name)?.[1];
    if (block !== undefined) blocks.add(block);
  }
  return { embedDim: token?.shape.at(-1), ...(blocks.size > 0 && { depth: blocks.size }) };
}

/** Whether a path is a folder. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Whether a path is the folder of a run, not one as the Hugging Face Hub lays it out, which may have a `config.json`, too. */
export function isRunFolder(path: string): boolean {
  if (!isFolder(path)) return false;
  const has = (name: string): boolean => existsSync(join(path, name));
  if (has(runFiles.checkpoints)) return true;
  if (!has(runFiles.config)) return has(runFiles.weights);
  try {
    const record = JSON.parse(readFileSync(join(path, runFiles.config), 'utf8')) as object | null;
    return record === null || typeof record !== 'object' || 'config' in record || 'measured' in record;
  } catch {
    return true; // damaged, which is said when it is read
  }
}
