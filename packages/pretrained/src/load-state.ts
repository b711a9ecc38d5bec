import { leaves, type TensorTree } from '@audio-ssl/params';
import { type TensorFile } from '@audio-ssl/tensor-files';
import * as tf from '@tensorflow/tfjs-core';
import { buildTree } from './build-tree.js';
import { ourShape, readMapped, recognise } from './recognise.js';
import type { MatpacState } from '@audio-ssl/matpac';

/** A state to go on from, and what it is made of. */
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
 * The state of a checkpoint, to go on with pretraining: student, predictor, heads, both averages and the centre of a
 * training checkpoint of the authors' code (MATPAC, MATPAC++), of M2D, or of ours. From a file with nothing but an encoder
 * the teacher starts as a copy of it and the rest is fresh. The optimiser's moments come from our own checkpoints only: the
 * authors' are one flat array in an order that their file does not tell.
 *
 * @param fresh a state of the same options, from `initMatpac`; borrowed.
 * @returns a new state; its tensors belong to the caller.
 * @throws Error naming the file and what does not fit: another size, a part of which only some is there.
 * @example
 * const fresh = initMatpac({ model: sizes.base, ...variants.matpac }, 1337);
 * const { state } = await loadState(await openTensors(await openFile('checkpoint_last.pt')), fresh);
 */
export async function loadState(file: TensorFile, fresh: MatpacState): Promise<LoadedState> {
  const recognised = recognise(file);
  const { mapped, naming, family } = recognised;
  const wanted = leaves(fresh as unknown as TensorTree);
  const parts = new Map<string, { there: string[]; missing: string[] }>();
  for (const [path, leaf] of wanted) {
    const found = mapped.get(path);
    const part = parts.get(partOf(path)) ?? { there: [], missing: [] };
    parts.set(partOf(path), part);
    (found ? part.there : part.missing).push(path);
    const shape = found && ourShape(path, found.shape, naming);
    if (shape && shape.join() !== leaf.shape.join()) {
      throw new Error(
        `loadState: ${file.name} (${family}): ${found.name} makes ${path} [${shape}], the options make it [${leaf.shape}]; choose the sizes that the file has`,
      );
    }
  }
  for (const [part, { there, missing }] of parts) {
    if (there.length > 0 && missing.length > 0) {
      throw new Error(
        `loadState: ${file.name} (${family}): of ${part} only some is there, ${missing[0]} is not; is the file whole, of the same depth?`,
      );
    }
  }
  const has = (part: string): boolean => (parts.get(part)?.there.length ?? 0) > 0;
  if (!has('student.encoder')) throw new Error(`loadState: ${file.name} is a ${family} and has no encoder`);
  const made = new Map<string, tf.Tensor>();
  try {
    for (const [path, leaf] of wanted) {
      const copied =
        path.startsWith('teacher.encoder.') && !has('teacher.encoder') ? path.replace('teacher', 'student') : path;
      if (!mapped.has(copied)) made.set(path, tf.clone(leaf));
      else {
        const { data } = await readMapped(file, recognised, copied);
        made.set(path, tf.tensor(data, leaf.shape, 'float32'));
      }
    }
  } catch (error) {
    tf.dispose([...made.values()]);
    throw error;
  }
  const all = [...parts.keys()];
  return {
    state: buildTree(made) as unknown as MatpacState,
    family,
    loaded: all.filter(has),
    fresh: all.filter((part) => !has(part)),
    leftOver: [...mapped]
      .filter(([path]) => !made.has(path))
      .map(([, { name }]) => name)
      .concat(recognised.leftOver),
  };
}
