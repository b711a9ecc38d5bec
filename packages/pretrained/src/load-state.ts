import { leaves, type TensorTree } from '@audio-ssl/params';
import { fitTree, readTree, type TensorFile } from '@audio-ssl/tensor-files';
import * as tf from '@tensorflow/tfjs-core';
import { ourShape, readMapped, recognise } from './recognise.js';
import type { MatpacState } from '@audio-ssl/matpac';

/** A state to continue from, and what it is made of. */
export interface LoadedState {
  readonly state: MatpacState;
  /** What the file was recognised as, in words. */
  readonly family: string;
  /** Parts that came from the file: `student.encoder`, `teacher.head`, `center`, ... */
  readonly loaded: readonly string[];
  /** Parts that the file does not have and that are as in the fresh state. */
  readonly fresh: readonly string[];
  /** Names of the file's tensors that have no place in the state. */
  readonly leftOver: readonly string[];
  /** What to tell who trains, in sentences: which of several models it is, what was left out of the file. */
  readonly notes: readonly string[];
}

/** The part of a state that a leaf belongs to; a part is taken from a file as a whole or not at all. */
const partOf = (path: string): string =>
  path.startsWith('moments.')
    ? 'moments'
    : path
        .split('.')
        .slice(0, path.startsWith('center') ? 1 : 2)
        .join('.');

/**
 * The state of a checkpoint, to continue pretraining: student, predictor, heads, both averages and the centre of a
 * training checkpoint of the authors' code (MATPAC, MATPAC++), of M2D, or of ours. From a file with nothing but an encoder
 * the teacher starts as a copy of it and the rest is fresh. The optimiser's moments come from our own checkpoints only: the
 * authors' are one flat array in an order that their file does not state.
 *
 * @param fresh a state of the same options, from `initMatpac`; borrowed.
 * @returns a new state; its tensors belong to the caller.
 * @throws Error naming the file and what does not fit: another size, a part that is incomplete.
 * @example
 * const fresh = initMatpac({ model: sizes.base, ...variants.matpac }, 1337);
 * const source = await openFile('checkpoint_last.pt');
 * const { state } = await loadState(await openTensors(source), fresh);
 * await source.close();
 */
export async function loadState(file: TensorFile, fresh: MatpacState): Promise<LoadedState> {
  const recognised = recognise(file);
  const { mapped, naming, family } = recognised;
  const tree = fresh as unknown as TensorTree;
  const wanted = leaves(tree);
  const found = new Map(
    [...mapped].map(([path, { shape }]) => [path, { shape: ourShape(path, shape, naming) }] as const),
  );
  const { missing, leftOver, wrong } = fitTree(wanted, found);
  for (const { path, shape, expected } of wrong) {
    throw new Error(
      `loadState: ${file.name} (${family}): ${mapped.get(path)!.name} makes ${path} [${shape}], the options make it [${expected}]; choose the sizes that the file has`,
    );
  }
  const absent = new Set(missing.map(partOf));
  const loaded = new Set(wanted.flatMap(([path]) => (mapped.has(path) ? [partOf(path)] : [])));
  const half = missing.find((path) => loaded.has(partOf(path)));
  if (half !== undefined) {
    throw new Error(
      `loadState: ${file.name} (${family}): of ${partOf(half)} only some is there, ${half} is missing; is the file whole, and of the same depth?`,
    );
  }
  if (!loaded.has('student.encoder')) throw new Error(`loadState: ${file.name} is a ${family} and has no encoder`);
  const state = await readTree(tree, (path, leaf) => {
    const copied =
      path.startsWith('teacher.encoder.') && absent.has('teacher.encoder') ? path.replace('teacher', 'student') : path;
    return mapped.has(copied) ? readMapped(file, recognised, copied) : tf.clone(leaf);
  });
  return {
    state: state as unknown as MatpacState,
    family,
    loaded: [...loaded],
    fresh: [...absent],
    leftOver: [...leftOver.map((path) => mapped.get(path)!.name), ...recognised.leftOver],
    notes: recognised.notes,
  };
}
