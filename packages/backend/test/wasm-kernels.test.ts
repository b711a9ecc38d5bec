import * as tf from '@tensorflow/tfjs-core';
import { expectClose, expectCloseArrays, seeded } from '@audio-ssl/testing';
import { startBackend } from '@audio-ssl/backend';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardHeap, WASM_HEAP_LIMIT } from '../src/wasm-kernels.js';

const before = tf.getBackend();
beforeAll(async () => {
  expect((await startBackend({ prefer: 'wasm' })).name).toBe('wasm');
});
afterAll(() => tf.setBackend(before));

const random = seeded(7);
const data = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => random() * 2 - 1);

/** What `program` returns on `wasm` and on the reference, the `cpu` backend; checks that it leaks nothing on `wasm`. */
async function onBoth(program: () => tf.Tensor | tf.Tensor[]): Promise<void> {
  const run = async (name: string): Promise<{ shape: number[]; values: Float32Array }[]> => {
    await tf.setBackend(name);
    const results = [tf.tidy(program)].flat();
    const read = results.map((x) => ({ shape: x.shape, values: x.dataSync() as Float32Array }));
    tf.dispose(results);
    return read;
  };
  const dataIds = (): number => tf.engine().findBackend('wasm').numDataIds();
  const reference = await run('cpu');
  const held = dataIds();
  const got = await run('wasm');
  expect(dataIds(), 'buffers left on the wasm heap').toBe(held);
  expect(got.map((x) => x.shape)).toEqual(reference.map((x) => x.shape));
  // Both sum at most a few hundred products of numbers in -1..1 in float32.
  got.forEach((x, i) => expectCloseArrays(x.values, reference[i]!.values, { absolute: 1e-5, relative: 1e-5 }));
}

describe('matMul', () => {
  const size = fc.integer({ min: 1, max: 20 });
  test('is right for every shape, transposition and broadcast batch', async () => {
    const batch = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 3 }), left: fc.boolean(), right: fc.boolean() }),
      { maxLength: 2 },
    );
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        size,
        batch,
        fc.boolean(),
        fc.boolean(),
        async (rows, inner, columns, batch, transposeA, transposeB) => {
          const a = [
            ...batch.map((axis) => (axis.left ? 1 : axis.size)),
            ...(transposeA ? [inner, rows] : [rows, inner]),
          ];
          const b = [
            ...batch.map((axis) => (axis.right ? 1 : axis.size)),
            ...(transposeB ? [columns, inner] : [inner, columns]),
          ];
          const [x, y] = [data(a), data(b)];
          // The reference is wrong for two batches that broadcast against each other: tile first.
          const full = batch.map((axis) => (axis.left && axis.right ? 1 : axis.size));
          await onBoth(() => {
            const [left, right] = [tf.tensor(x, a), tf.tensor(y, b)];
            if (tf.getBackend() === 'wasm') return tf.matMul(left, right, transposeA, transposeB);
            return tf.matMul(
              tf.broadcastTo(left, [...full, ...a.slice(-2)]),
              tf.broadcastTo(right, [...full, ...b.slice(-2)]),
              transposeA,
              transposeB,
            );
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of a matrix times a batch, and of no rows, columns or inner elements', async () => {
    const x = data([2, 3, 4]);
    await onBoth(() => tf.matMul(tf.tensor(x, [2, 3, 4]), tf.tensor(x.slice(0, 12), [4, 3])));
    await tf.setBackend('wasm');
    await expectClose(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])), tf.zeros([2, 3]), { absolute: 0 });
    expect(tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])).shape).toEqual([0, 3]);
  });

  test('of the same data under another shape (upstream keeps the first shape)', async () => {
    await onBoth(() => {
      const b = tf.cast(tf.range(0, 24), 'float32');
      return [tf.matMul(tf.ones([2, 4]), tf.reshape(b, [4, 6])), tf.matMul(tf.ones([2, 6]), tf.reshape(b, [6, 4]))];
    });
  });

  test('has the gradients of attention', async () => {
    const [q, k, v] = [data([2, 3, 7, 5]), data([2, 3, 7, 5]), data([2, 3, 7, 5])];
    await onBoth(() =>
      tf.grads((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
        tf.sum(tf.square(tf.matMul(tf.softmax(tf.matMul(q, k, false, true)), v))),
      )([q, k, v].map((x) => tf.tensor(x, [2, 3, 7, 5]))),
    );
  });
});

test('transpose is right for every shape, permutation and type', async () => {
  const axes = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 6 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      perm: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
    }),
  );
  const check = async (shape: number[], perm: number[], dtype: 'float32' | 'int32' | 'bool'): Promise<void> => {
    const values = data(shape).map((x) => (dtype === 'bool' ? Number(x > 0) : Math.round(x * 1000)));
    await onBoth(() => tf.transpose(tf.tensor(values, shape, dtype), perm));
  };
  await fc.assert(
    fc.asyncProperty(
      axes,
      fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
      ({ shape, perm }, dtype) => check(shape, perm, dtype),
    ),
    { numRuns: 100 },
  );
  await check([70, 45], [1, 0], 'float32'); // more than a tile
  await check([3, 40, 2, 70], [0, 2, 1, 3], 'float32'); // long runs
});

describe('slice, split and unstack', () => {
  test('are right for every shape and type', async () => {
    const axis = fc.integer({ min: 1, max: 20 }).chain((size) =>
      fc.integer({ min: 0, max: size - 1 }).chain((begin) =>
        fc.record({
          size: fc.constant(size),
          begin: fc.constant(begin),
          length: fc.integer({ min: 0, max: size - begin }),
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
        async (axes, dtype) => {
          const shape = axes.map((axis) => axis.size);
          const values = data(shape).map((x) => (dtype === 'bool' ? Number(x > 0) : Math.round(x * 100)));
          await onBoth(() =>
            tf.slice(
              tf.tensor(values, shape, dtype),
              axes.map((axis) => axis.begin),
              axes.map((axis) => axis.length),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('refuses a block outside the tensor', () => {
    expect(() => tf.slice(tf.zeros([3, 4]), [2, 0], [2, 4])).toThrow(/slice/i);
  });

  test('keep strings', async () => {
    await tf.setBackend('wasm');
    const words = tf.tensor2d([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(await tf.slice(words, [0, 1], [2, 1]).array()).toEqual([['b'], ['d']]);
  });

  test('split into parts of any size along any axis, and take apart', async () => {
    const x = data([3, 6, 4]);
    await onBoth(() => tf.split(tf.tensor(x, [3, 6, 4]), [1, 2, 3], 1));
    await onBoth(() => tf.split(tf.tensor(x, [3, 6, 4]), 2, -1));
    for (const axis of [0, 1, 2]) await onBoth(() => tf.unstack(tf.tensor(x, [3, 6, 4]), axis));
  });
});

describe('gather', () => {
  test('has a gradient, on every axis and with repeated indices', async () => {
    const x = data([5, 6, 3]);
    for (const axis of [0, 1, 2]) {
      const taken = [5, 6, 3].map((size, other) => (other === axis ? 4 : size));
      const weight = data(taken);
      await onBoth(() => {
        const indices = tf.tensor1d([2, 0, 2, 1], 'int32');
        return tf.grad((x) => tf.sum(tf.mul(tf.tensor(weight, taken), tf.gather(x, indices, axis))))(
          tf.tensor(x, [5, 6, 3]),
        );
      });
    }
  });

  test('segment sums drop ids outside the segments', async () => {
    const x = data([4, 3]);
    await onBoth(() => tf.unsortedSegmentSum(tf.tensor(x, [4, 3]), tf.tensor1d([1, -1, 7, 1], 'int32'), 3));
  });
});

describe('the heap', () => {
  test('is guarded: an allocation over the limit is an error that names the way out, and the backend lives on', async () => {
    await tf.setBackend('wasm');
    const { state } = tf.engine();
    const { numBytes, numTensors } = state;
    state.numBytes = WASM_HEAP_LIMIT - 2 ** 20; // as if so much were held
    try {
      expect(() => tf.zeros([2 ** 19])).toThrow(/2 MiB more .* do not fit its heap.*smaller batch/);
    } finally {
      state.numBytes = numBytes;
    }
    expect(state.numTensors).toBe(numTensors);
    await expectClose(tf.zeros([2]), [0, 0], { absolute: 0 });
  });

  test('is guarded against an allocation that fails below the limit', () => {
    const full = { _malloc: (_bytes: number) => 0 };
    guardHeap(full, Infinity);
    expect(() => full._malloc(8)).toThrow(/do not fit/);
  });
});
