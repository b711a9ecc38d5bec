import { asScalar, hasFused, leaves, runFused, tidy, zipTrees, type Scalar, type TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The exponential moving average that makes a student into its teacher: t = decay · t + (1 - decay) · s, leaf by leaf
 * (Tarvainen & Valpola 2017, section 2; BYOL, Grill et al. 2020, eq. 1).
 *
 * Computed as t + (1 - decay) (s - t), so that a teacher equal to its student stays equal whatever the rounding of the decay.
 *
 * @param teacher float32 tensors of any shapes; borrowed.
 * @param student a tree of the same structure and shapes, of other tensors; borrowed.
 * @param decay in [0, 1]: 1 keeps the teacher, 0 takes the student. A number is exact; a float32 tensor rounds 1 - decay to a
 * multiple of 6e-8.
 * @returns a new teacher; the caller disposes the old one.
 * @throws Error when the trees differ in structure or shape (naming the path), share a tensor, or have no tensor, and for a
 * number outside [0, 1].
 * @example
 * const next = ema(teacher, student, 0.999);
 */
export function ema<T extends TensorTree>(teacher: T, student: T, decay: Scalar): T {
  if (typeof decay === 'number' && !(decay >= 0 && decay <= 1)) {
    throw new Error(`ema: expected a decay in [0, 1], got ${decay}; 0.999 keeps 99.9 % of the teacher`);
  }
  const owned = new Set(leaves(student).map(([, leaf]) => leaf));
  if (owned.size === 0)
    throw new Error('ema: expected trees with at least one tensor, got none; nothing would be averaged');
  return tidy(() => {
    const taken = typeof decay === 'number' ? tf.scalar(1 - decay) : tf.sub(1, asScalar(decay));
    return zipTrees<T, tf.Tensor>([teacher, student], ([t, s], path) => {
      if (owned.has(t)) {
        throw new Error(
          `ema: '${path}' is one tensor in teacher and student; make the teacher with cloneTree(student)`,
        );
      }
      if (!tf.util.arraysEqual(t.shape, s!.shape)) {
        throw new Error(
          `ema: '${path}' has shape [${t.shape}] in the teacher and [${s!.shape}] in the student; were they made with the same options?`,
        );
      }
      return hasFused('average')
        ? runFused('average', { slow: t, fast: s!, taken })[0]
        : tf.add(t, tf.mul(tf.sub(s!, t), taken));
    });
  });
}
