import {
  after,
  leaves,
  mapTree,
  tidy,
  valueAndGrad,
  zipTrees,
  type Gradients,
  type Scalar,
  type TensorTree,
  type Tree,
} from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import type { MatpacBatch } from './batch.js';
import { matpacLoss } from './matpac-loss.js';
import { forwardMetrics, type MatpacMetrics } from './metrics.js';
import type { MatpacOptions } from './options.js';
import type { MatpacScalars } from './schedule.js';
import type { MatpacState, Student } from './state.js';
import { teacherTargets } from './teacher-targets.js';

/** What a batch says of the parameters, before they move. */
export type Pass = {
  readonly grads: Gradients<Student>;
  /** The centre after this step (K). */
  readonly center?: tf.Tensor;
  readonly metrics: MatpacMetrics;
};

/**
 * Targets, loss and gradients of a batch; in `memory.accumulation` parts, whose gradients, centres and figures are averaged:
 * every part has as many tokens, so that the mean of the parts is the mean over the batch.
 *
 * @throws Error when the batch does not divide into the parts.
 */
export function forwardBackward(
  state: MatpacState,
  batch: MatpacBatch,
  scalars: MatpacScalars<Scalar>,
  options: MatpacOptions,
): Pass {
  const parts = options.memory?.accumulation ?? 1;
  if (parts === 1) return onePass(state, batch, scalars, options);
  const [size] = batch.spectrogram.shape as [number];
  if (size % parts !== 0) {
    throw new Error(
      `trainStep: a batch of ${size} does not divide into ${parts} parts; choose memory.accumulation as a divisor of the batch`,
    );
  }
  return tidy(() => {
    const cut = (tensor: tf.Tensor): tf.Tensor[] => tf.split(tensor, parts);
    const [spectrograms, visible, masked] = [cut(batch.spectrogram), cut(batch.visible), cut(batch.masked)];
    let sum: Pass | undefined;
    for (const [i, part] of spectrograms.entries()) {
      // A part starts when the one before it is done, also where independent operations run side by side.
      const last = sum && leaves<tf.Tensor | null>(sum.grads).find(([, grad]) => grad !== null)![1]!;
      const spectrogram = last ? after(part, last) : part;
      const own = { ...batch, spectrogram, visible: visible[i]!, masked: masked[i]! };
      const pass = onePass(state, own, scalars, options);
      sum = sum ? add(sum, pass) : pass;
    }
    return mapTree(asTree(sum!), (leaf: tf.Tensor | null) => leaf && tf.div(leaf, parts)) as unknown as Pass;
  });
}

function onePass(state: MatpacState, batch: MatpacBatch, scalars: MatpacScalars<Scalar>, options: MatpacOptions): Pass {
  return tidy(() => {
    const targets = teacherTargets(state, batch, scalars, options); // z_m, p_m: no gradient
    const { value, aux, grads } = valueAndGrad(
      (student: Student) => matpacLoss(student, batch, targets, scalars, options),
      state.student,
    );
    const metrics = { loss: value, ...forwardMetrics(aux, targets) };
    return { grads, metrics, ...(targets.center && { center: targets.center }) };
  });
}

// A gradient may be null; the trees' functions find leaves of either kind.
const asTree = (pass: Pass): TensorTree => pass as unknown as TensorTree;

function add(a: Pass, b: Pass): Pass {
  const sum = ([x, y]: [tf.Tensor | null, tf.Tensor | null]): tf.Tensor | null => x && tf.add(x, y!);
  return zipTrees(
    [asTree(a), asTree(b) as Tree<tf.Tensor | null>],
    sum as (leaves: [tf.Tensor, ...(tf.Tensor | null)[]]) => tf.Tensor,
  ) as unknown as Pass;
}
