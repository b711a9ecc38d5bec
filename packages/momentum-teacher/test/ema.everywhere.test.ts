import { cloneTree, disposeTree, leaves } from '@audio-ssl/params';
import { expectClose, expectNoLeak, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ema } from '../src/index.js';

const draw = (seed: number): { blocks: { kernel: tf.Tensor }[]; norm: tf.Tensor } => {
  const random = seeded(seed);
  const leaf = (shape: number[]): tf.Tensor =>
    tf.tensor(
      Array.from({ length: tf.util.sizeFromShape(shape) }, () => 2 * random() - 1),
      shape,
    );
  return { blocks: [{ kernel: leaf([2, 3]) }, { kernel: leaf([3, 1]) }], norm: leaf([4]) };
};

describe('ema', () => {
  it.each([
    [0, 'number'],
    [0.5, 'number'],
    [0.99995, 'number'],
    [0.99995, 'tensor'],
    [1, 'number'],
    [1, 'tensor'],
  ] as const)('is decay · t + (1 - decay) · s on every leaf: decay %d as %s', async (decay, kind) => {
    const [teacher, student] = [draw(1), draw(2)];
    const next = ema(teacher, student, kind === 'number' ? decay : tf.scalar(decay));
    const pairs = leaves(next).map(
      ([path, leaf], i) => [path, leaf, leaves(teacher)[i]![1], leaves(student)[i]![1]] as const,
    );
    for (const [, leaf, t, s] of pairs) {
      const [old, other] = [await t.data(), await s.data()];
      // One rounding of a value below 1 in float32 is 6e-8.
      await expectClose(
        leaf,
        Array.from(old, (x, i) => decay * x + (1 - decay) * other[i]!),
        { absolute: 1.2e-7 },
      );
    }
  });

  it('does not move a teacher that equals its student, whatever the decay', async () => {
    const student = draw(3);
    let teacher = cloneTree(student);
    for (let step = 0; step < 50; step++) {
      const next = ema(teacher, student, 0.99995);
      disposeTree(teacher);
      teacher = next;
    }
    for (const [i, [, leaf]] of leaves(teacher).entries()) await expectClose(leaf, leaves(student)[i]![1], {});
  });

  it('follows a constant student as 1 - decay^n', async () => {
    let teacher: { w: tf.Tensor } = { w: tf.tensor([0]) };
    const student = { w: tf.tensor([1]) };
    for (let step = 0; step < 200; step++) teacher = ema(teacher, student, 0.99);
    await expectClose(teacher.w, [1 - 0.99 ** 200], { absolute: 2e-6 }); // 200 roundings of 3e-8, mostly of one sign
  });

  it('leaks nothing and stands without the old teacher', async () => {
    const student = draw(4);
    await expectNoLeak(() => {
      const teacher = draw(5);
      const next = ema(teacher, student, 0.9);
      disposeTree(teacher);
      return leaves(next).map(([, leaf]) => leaf);
    });
  });

  it('refuses what would do nothing or something else', () => {
    const [teacher, student] = [draw(6), draw(7)];
    expect(() => ema(teacher, teacher, 0.9)).toThrow("'blocks.0.kernel' is one tensor in teacher and student");
    expect(() => ema(teacher, { ...student, norm: teacher.norm }, 0.9)).toThrow(
      "'norm' is one tensor in teacher and student",
    );
    expect(() => ema({ a: student.norm, b: student.norm }, { a: teacher.norm, b: student.norm }, 0.9)).toThrow(
      'is one tensor',
    );
    expect(() => ema({}, {}, 0.9)).toThrow('at least one tensor');
    const longer = { ...student, extra: tf.ones([1]) };
    expect(() => ema(teacher, longer, 0.9)).toThrow("'extra' is in one tree and not in the other");
    expect(() => ema(teacher, { ...student, norm: tf.ones([1]) }, 0.9)).toThrow(
      "'norm' has shape [4] in the teacher and [1] in the student",
    );
    expect(() => ema(teacher, student, 1.01)).toThrow('ema: expected a decay in [0, 1], got 1.01');
    expect(() => ema(teacher, student, Number.NaN)).toThrow('got NaN');
  });
});
