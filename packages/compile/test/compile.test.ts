import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asScalar, disposeTree, hasFused, leaves, noGrad, remat, runFused, type Scalar } from '@audio-ssl/params';
import { expectClose, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { compile } from '../src/index.js';
import { nodeBackend } from '../src/node-backend.js';

const random = seeded(3);
const draw = (...shape: number[]): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random() - 1),
    shape,
  );
const onTensorFlow = tf.getBackend() === 'tensorflow';

describe('compile', () => {
  it('gives what the function gives, for other values and other shapes, and leaks nothing', async () => {
    const f = ({ w, b }: { w: tf.Tensor; b: tf.Tensor }, x: tf.Tensor) => {
      const y = tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b);
      return { y: tf.softmax(y), parts: [tf.mean(y), tf.max(y, 1)], unchanged: b };
    };
    const compiled = compile((params: { w: tf.Tensor; b: tf.Tensor }, x: tf.Tensor) => tf.tidy(() => f(params, x)));
    for (const rows of [3, 3, 3, 5, 3]) {
      const params = { w: draw(4, 2), b: draw(2) };
      const x = draw(rows, 4);
      const expected = f(params, x);
      const before = tf.memory().numTensors;
      const actual = compiled(params, x);
      await expectClose(actual.y, expected.y, { absolute: 1e-6 });
      await expectClose(actual.parts[0]!, expected.parts[0]!, { absolute: 1e-6 });
      await expectClose(actual.parts[1]!, expected.parts[1]!, { absolute: 1e-6 });
      await expectClose(actual.unchanged, params.b, {});
      disposeTree(actual);
      expect(tf.memory().numTensors).toBe(before);
    }
    compiled.dispose();
  });

  it('takes gradients inside', async () => {
    const gradient = compile((x: tf.Tensor) => tf.grad((v: tf.Tensor) => tf.sum(tf.mul(tf.erf(v), tf.exp(v))))(x));
    for (let i = 0; i < 3; i++) {
      const x = draw(6);
      const expected = tf.grad((v: tf.Tensor) => tf.sum(tf.mul(tf.erf(v), tf.exp(v))))(x);
      await expectClose(gradient(x), expected, { absolute: 1e-6 });
    }
  });

  it('keeps constants, made inside or captured', async () => {
    const captured = tf.tensor1d([10, 20]);
    const f = compile((x: tf.Tensor) => tf.add(tf.mul(x, captured), tf.tensor1d([1, 2])));
    await expectClose(f(tf.tensor1d([1, 1])), [11, 22], {});
    await expectClose(f(tf.tensor1d([2, 3])), [21, 62], {});
  });

  it('does not mind the order of keys', async () => {
    const f = compile(({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => tf.sub(a, b));
    const [a, b] = [tf.scalar(5), tf.scalar(3)];
    await expectClose(f({ a, b }), [2], {});
    await expectClose(f({ b, a }), [2], {});
  });

  it('keeps arguments apart that shared one value in the first call', async () => {
    const f = compile((a: tf.Tensor, b: tf.Tensor) => tf.sub(a, b));
    const a = tf.scalar(5);
    await expectClose(f(a, tf.clone(a)), [0], {});
    await expectClose(f(a, tf.scalar(3)), [2], {});
    await expectClose(f(tf.scalar(1), tf.scalar(3)), [-2], {});
    await expectClose(f(a, tf.clone(a)), [0], {});
  });

  it('runs the kernels of a model: indices, slices, reductions, comparisons, types', async () => {
    const f = (x: tf.Tensor, indices: tf.Tensor): { [name: string]: tf.Tensor } => ({
      gather: tf.gather(x, indices as tf.Tensor1D),
      segments: tf.unsortedSegmentSum(x, indices as tf.Tensor1D, 4),
      slice: tf.slice(x, [1, 0], [2, 3]),
      pad: tf.pad(x, [
        [0, 1],
        [2, 0],
      ]),
      stack: tf.stack([x, x], 1),
      transpose: tf.transpose(x),
      tile: tf.tile(x, [1, 2]),
      argMax: tf.argMax(x, 1),
      oneHot: tf.oneHot(indices as tf.Tensor1D, 4),
      where: tf.where(tf.greater(x, 0), x, tf.zerosLike(x)),
      cast: tf.cast(tf.less(x, 0.2), 'float32'),
      moments: tf.moments(x, 0).variance,
      norm: tf.rsqrt(tf.add(tf.sum(tf.square(x)), 1e-6)),
      clipped: tf.clipByValue(x, -0.5, 0.5),
      expanded: tf.expandDims(x, 1),
      logSoftmax: tf.logSoftmax(x),
      minimum: tf.minimum(x, tf.maximum(tf.neg(x), 0.1)),
    });
    const compiled = compile((x: tf.Tensor, indices: tf.Tensor) => tf.tidy(() => f(x, indices)));
    for (const order of [
      [0, 2, 1],
      [2, 2, 0],
      [1, 0, 0],
    ]) {
      const x = draw(3, 3);
      const indices = tf.tensor1d(order, 'int32');
      const [actual, expected] = [compiled(x, indices), f(x, indices)];
      for (const name of Object.keys(expected)) await expectClose(actual[name]!, expected[name]!, { absolute: 1e-6 });
    }
  });

  it.skipIf(!onTensorFlow)('refuses a result that is a constant', () => {
    const constant = compile((_: tf.Tensor) => ({ c: tf.add(tf.scalar(1), tf.scalar(2)), d: tf.scalar(3) }));
    expect(() => constant(tf.scalar(2))).toThrow("the result 'd' depends on no argument");
  });

  const doubled = (x: tf.Tensor): { value: tf.Tensor; gradFunc: (dy: tf.Tensor) => tf.Tensor } => ({
    value: tf.mul(x, x.dataSync()[0]!),
    gradFunc: (dy) => dy,
  });
  const variable = tf.variable(tf.scalar(7));
  it.skipIf(!onTensorFlow).each<readonly [string, string, (x: tf.Tensor) => tf.Tensor]>([
    ['a value read', 'reads the value', (x) => tf.mul(x, tf.add(x, 1).dataSync()[0]!)],
    ['a value printed', 'reads the value', (x) => (x.print(), tf.mul(x, 2))],
    ['a value asked for', 'reads the value', (x) => (x.data().catch(() => undefined), tf.mul(x, 2))],
    ['a value in a gradient of its own', 'reads the value', tf.customGrad((x) => doubled(x as tf.Tensor))],
    ['a branch without gradient', 'reads the value', (x) => noGrad(() => tf.mul(x, x.dataSync()[0]! > 1 ? 2 : 3))],
    ['a value in a recomputed block', 'reads the value', (x) => remat((_, y) => doubled(y).value, {}, x)],
    ['an error caught', 'reads the value', caught],
    ['a variable assigned', 'tf.Variable', (x) => (variable.assign(tf.mul(x, 2)), tf.add(x, variable))],
    ['a variable made', 'tf.Variable', (x) => tf.add(x, tf.variable(x))],
    ['a tensor kept', 'keeps a tensor', (x) => tf.add(tf.keep(tf.mul(x, 3)), 1)],
    ['random numbers of TensorFlow', 'draws random numbers', (x) => tf.multinomial(tf.stack([x, x]) as tf.Tensor1D, 3)],
    ['a shape by values', 'a shape that depends on values', (x) => tf.unique(tf.stack([x, x])).values],
  ])('refuses %s, says where, and leaves all as it was', async (_, message, f) => {
    const x = tf.scalar(2);
    const before = tf.memory().numTensors;
    expect(() => compile(f)(x)).toThrow(message);
    // Not a line of TensorFlow.js or of compile, but of this file.
    expect(() => compile(f)(x)).toThrow(/\(at .*compile\.test\.ts:\d+:\d+\)$/);
    expect(tf.memory().numTensors).toBe(before);
    expect((await variable.data())[0]).toBe(7);
    await expectClose(compile((y: tf.Tensor) => tf.mul(y, 2))(x), [4], {});
  });

  it.skipIf(!onTensorFlow)('freezes random numbers that are drawn outside of TensorFlow', async () => {
    const f = compile((x: tf.Tensor) => tf.add(x, tf.randomUniform([4])));
    const x = tf.zeros([4]);
    expect(await f(x).data()).toEqual(await f(x).data());
  });

  it('makes tensors of the numbers among its arguments, without freezing them', async () => {
    const seen: unknown[] = [];
    const f = compile(
      (x: tf.Tensor, { rate, shifts }: { rate: Scalar; shifts: readonly Scalar[] }) => {
        seen.push(rate);
        return { y: tf.add(tf.mul(x, rate), tf.stack(shifts.map(asScalar))), rate: asScalar(rate) };
      },
      { donate: [1] },
    );
    const x = tf.tensor1d([1, 2]);
    const { count, restore } = onTensorFlow ? counted('executeOp') : { count: () => 0, restore: () => {} };
    await f(x, { rate: 2, shifts: [1, -1] }).y.data();
    const compiling = count();
    const before = tf.memory().numTensors;
    for (const [rate, shift] of [
      [3, 0.5],
      [-1.5, 1e-3],
      [tf.scalar(7), tf.scalar(2)],
    ] as const) {
      const scale = typeof rate === 'number' ? rate : 7;
      const start = typeof shift === 'number' ? shift : 2;
      const result = f(x, { rate, shifts: [shift, 0] });
      await expectClose(result.y, [scale + start, 2 * scale], { relative: 1e-7 });
      await expectClose(result.rate, [scale], {});
      expect(result.rate.shape).toEqual([]);
      disposeTree(result);
    }
    restore();
    if (onTensorFlow) expect(count()).toBe(compiling);
    expect(tf.memory().numTensors).toBe(before);
    for (const rate of seen) expect(rate).toMatchObject({ dtype: 'float32', rank: 0 });
    x.dispose();
    f.dispose();
  });

  it('takes tensors and numbers only, and gives no gradient', () => {
    const f = compile(((x: tf.Tensor) => tf.square(x)) as never) as (...args: unknown[]) => tf.Tensor;
    expect(() => f(tf.scalar(1), { rate: '3' })).toThrow(
      "the argument '1.rate' to be a tensor or a number, got a value of type string",
    );
    expect(() => f(null)).toThrow("the argument '0' to be a tensor or a number, got null");
    const g = compile(((x: tf.Tensor) => ({ x, size: 3 })) as never) as (...args: unknown[]) => unknown;
    expect(() => g(tf.scalar(1))).toThrow("the result 'size' to be a tensor, got a value of type number");
    const h = compile((x: tf.Tensor) => tf.square(x));
    const gradient = (): tf.Tensor => tf.grad((x: tf.Tensor) => tf.add(tf.sum(h(x)), tf.sum(x)))(tf.tensor1d([1, 2]));
    if (onTensorFlow) expect(gradient).toThrow('has no gradient');
  });

  it('is a part of a compiled function that calls it', async () => {
    const inner = compile((x: tf.Tensor) => tf.square(x));
    const outer = compile((x: tf.Tensor) => ({
      y: inner(x),
      slope: tf.grad((v: tf.Tensor) => tf.sum(inner(v)))(x),
    }));
    const x = tf.tensor1d([2, 3]);
    for (let i = 0; i < 2; i++) {
      const { y, slope } = outer(x);
      await expectClose(y, [4, 9], {});
      await expectClose(slope, [4, 6], {});
      await expectClose(inner(x), [4, 9], {}); // its own graph, between the two
    }
  });

  it('runs nothing where there is nothing to compute', async () => {
    const x = tf.tensor1d([2, 3]);
    expect(compile((_: tf.Tensor) => ({}))(x)).toEqual({});
    const f = compile((y: tf.Tensor) => ({ y, again: [y] }), { donate: [0] });
    const { y, again } = f(x);
    await expectClose(y, [2, 3], {});
    await expectClose(again[0]!, [2, 3], {});
    expect(x.isDisposed).toBe(true);
    f.dispose();
  });

  it('is repeated bit for bit', async () => {
    const f = compile((x: tf.Tensor) => tf.matMul(tf.softmax(x) as tf.Tensor2D, x as tf.Tensor2D));
    const x = draw(32, 32);
    f(x).dispose();
    const [one, two] = [await f(x).data(), await f(x).data()];
    expect(one).toEqual(two);
  });

  it('gives donated arguments away, also those that share memory, and makes the same numbers', async () => {
    const step = (state: State, gradient: tf.Tensor): State =>
      tf.tidy(() => {
        // All three read p and slow, one of them by another shape, and two write over them.
        const product = tf.matMul(tf.reshape(state.p, [3, 1]), tf.reshape(state.slow, [1, 3]) as tf.Tensor2D);
        return { ...update(state, gradient), slow: average(state.slow, state.p), product };
      });
    const start = (): State => {
      const p = tf.tensor1d([1, -2, 3]);
      return { p, first: tf.zeros([3]), second: tf.zeros([3]), slow: tf.clone(p), product: tf.zeros([3, 3]) };
    };
    const compiled = compile(step, { donate: [0] });
    const [plain, given] = [{ state: start() }, { state: start() }];
    const before = tf.memory().numTensors;
    for (let i = 0; i < 4; i++) {
      const gradient = draw(3);
      const next = step(plain.state, gradient);
      disposeTree(plain.state);
      plain.state = next;
      given.state = compiled(given.state, gradient);
      gradient.dispose();
      expect(tf.memory().numTensors).toBe(before);
      const expected = new Map(leaves(plain.state));
      for (const [path, leaf] of leaves(given.state)) await expectClose(leaf, expected.get(path)!, { absolute: 1e-7 });
    }
  });

  it.each<readonly [string, (p: tf.Tensor) => tf.Tensor]>([
    ['as it is', (p) => p],
    ['cloned', (p) => tf.clone(p)],
    ['reshaped', (p) => tf.reshape(p, [2, 1])],
    ['cast to its own type', (p) => tf.cast(p, 'float32')],
    ['negated twice, which the optimiser undoes', (p) => tf.neg(tf.neg(p))],
    ['times 1', (p) => tf.mul(p, tf.ones([2]))],
  ])('returns a donated argument %s with the value that it had', async (_, keep) => {
    const step = ({ p }: Pair, g: tf.Tensor): Pair => tf.tidy(() => ({ p: average(p, g), old: keep(p) }));
    const compiled = compile(step, { donate: [0] });
    let pair: Pair = { p: tf.zeros([2]), old: keep(tf.zeros([2])) };
    let expected = 0;
    for (let i = 0; i < 3; i++) {
      pair = compiled(pair, tf.tensor1d([10, 10]));
      await expectClose(tf.reshape(pair.old, [2]), [expected, expected], { absolute: 1e-6 });
      expected += (10 - expected) * 0.1;
      await expectClose(pair.p, [expected, expected], { absolute: 1e-6 });
    }
  });

  it('does not write over a result whose memory another result shows', async () => {
    const step = ({ p, old }: Pair, g: tf.Tensor): Pair & { seen: tf.Tensor } =>
      tf.tidy(() => {
        const next = average(p, g);
        return { p: next, old: tf.reshape(next, [2]), seen: tf.mul(old, 2) };
      });
    const compiled = compile(step, { donate: [0] });
    let state: Pair & { seen?: tf.Tensor } = { p: tf.zeros([2]), old: tf.zeros([2]) };
    for (const expected of [0, 2, 3.8]) {
      const next = compiled({ p: state.p, old: state.old }, tf.tensor1d([10, 10]));
      await expectClose(next.seen, [expected, expected], { absolute: 1e-6 });
      state = next;
    }
  });

  it('copies a tensor that is donated twice, or donated and lent', async () => {
    const step = ({ p, old }: Pair, g: tf.Tensor): Pair => tf.tidy(() => ({ p: average(p, g), old: average(old, g) }));
    const compiled = compile(step, { donate: [0] });
    const p = tf.zeros([2]);
    const before = tf.memory().numTensors;
    const first = compiled({ p, old: p }, tf.tensor1d([10, 10]));
    for (const leaf of [first.p, first.old]) await expectClose(leaf, [1, 1], { absolute: 1e-6 });
    first.old.dispose();
    const second = compiled({ p: first.p, old: first.p }, first.p); // the average of a number with itself
    for (const leaf of [second.p, second.old]) await expectClose(leaf, [1, 1], { absolute: 1e-6 });
    expect(first.p.isDisposed).toBe(true);
    const third = compiled({ p: second.p, old: second.p }, tf.tensor1d([11, 11]));
    for (const leaf of [third.p, third.old]) await expectClose(leaf, [2, 2], { absolute: 1e-6 });
    disposeTree([second.old, third]);
    expect(tf.memory().numTensors).toBe(before + 1); // two gradients more, and p is gone
  });

  it('takes products in bfloat16 when asked, 8 bits of mantissa, and sums in float32', async () => {
    const [a, b] = [draw(16, 256), draw(256, 8)] as [tf.Tensor2D, tf.Tensor2D];
    const f = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor => tf.matMul(x, y);
    const exact = f(a, b);
    const rounded = compile(f as never, { precision: 'bf16' })(a as never, b as never) as tf.Tensor;
    // Each of 256 products of numbers below 1 is off by at most 2^-8, and by chance half of that in either direction.
    await expectClose(rounded, exact, { absolute: 0.15 });
    if (!onTensorFlow) return;
    const difference = await tf.max(tf.abs(tf.sub(rounded, exact))).data();
    expect(difference[0]).toBeGreaterThan(1e-4);
  });

  it.skipIf(!onTensorFlow)(
    'keeps what it found in a folder, so that a second start runs no operation alone',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'compile-'));
      const f = (x: tf.Tensor): tf.Tensor => tf.softmax(tf.mul(x, 2));
      const x = draw(4, 3);
      const ran = counted('executeOp');
      const start = async (): Promise<number> => {
        const compiled = compile(f, { cacheFolder: folder });
        const before = ran.count();
        const result = compiled(x);
        const count = ran.count() - before;
        await expectClose(result, f(x), { absolute: 1e-6 });
        compiled.dispose();
        return count;
      };
      try {
        expect(await start()).toBe(2);
        expect(await start()).toBe(0);
        const [file] = await readdir(folder);
        const text = await readFile(join(folder, file!), 'utf8');
        const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
        const changed = digits.map((at) => text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1));
        const [, entries] = text.split('\n'); // as it was written before it had a checksum
        for (const damaged of [...changed, entries!, text.slice(0, -3), '[["Softmax', '{}', '']) {
          await writeFile(join(folder, file!), damaged);
          expect(await start(), damaged).toBe(2);
          expect(await start()).toBe(0);
        }
        await rm(folder, { recursive: true });
        await writeFile(folder, 'a file'); // a folder can not be made here
        expect(await start()).toBe(2);
      } finally {
        ran.restore();
        await rm(folder, { recursive: true });
      }
    },
  );

  it('compiles anew after dispose, which frees the sessions', async () => {
    const f = compile((x: tf.Tensor) => tf.mul(x, 3));
    const freed = onTensorFlow ? counted('deleteSavedModel') : undefined;
    try {
      for (let i = 1; i <= 2; i++) {
        for (const x of [tf.tensor1d([1, 2]), tf.tensor1d([1])]) await expectClose(f(x), tf.mul(x, 3), {});
        f.dispose();
        f.dispose(); // a second time it has none
        if (freed) expect(freed.count()).toBe(2 * i);
      }
    } finally {
      freed?.restore();
    }
  });

  it.skipIf(!onTensorFlow)('works in a worker thread', async () => {
    const module = JSON.stringify(new URL('compile-worker.ts', import.meta.url).href);
    const worker = new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import(${module})))`, {
      eval: true,
      execArgv: ['--conditions=@audio-ssl/source'],
    });
    const [values] = (await once(worker, 'message')) as [number[]];
    await worker.terminate();
    expect(values).toEqual([3, 6, 9]);
  });
});

type State = { readonly [name in 'p' | 'first' | 'second' | 'slow' | 'product']: tf.Tensor };

/** Counts the calls of a function of the binding, which is an object that can not be changed itself. */
function counted(name: 'executeOp' | 'deleteSavedModel'): { count: () => number; restore: () => void } {
  const backend = nodeBackend()!;
  const { binding } = backend;
  const called = vi.fn<(...args: unknown[]) => unknown>(binding[name] as never);
  backend.binding = Object.create(binding, { [name]: { value: called } }) as typeof binding;
  return { count: () => called.mock.calls.length, restore: () => (backend.binding = binding) };
}

function caught(x: tf.Tensor): tf.Tensor {
  try {
    return tf.mul(x, x.dataSync()[0]!);
  } catch {
    return tf.mul(x, 2);
  }
}

type Pair = { readonly p: tf.Tensor; readonly old: tf.Tensor };

/** AdamW without decay, by the fused kernel where there is one. */
function update({ p, first, second }: State, grad: tf.Tensor): Pick<State, 'p' | 'first' | 'second'> {
  const [rate, floor, one] = [tf.scalar(0.1), tf.scalar(1e-6), tf.scalar(1)] as const;
  if (hasFused('adamW')) {
    const [param, m, v] = runFused(
      'adamW',
      { param: p, grad, first, second, rate, floor, kept: one, scale: one },
      { beta1: 0.9, beta2: 0.95, rest1: 0.1, rest2: 0.05 },
    );
    return { p: param, first: m, second: v };
  }
  const mean = tf.add(tf.mul(first, 0.9), tf.mul(grad, 0.1));
  const square = tf.add(tf.mul(second, 0.95), tf.mul(tf.square(grad), 0.05));
  return { p: tf.sub(p, tf.mul(tf.div(mean, tf.add(tf.sqrt(square), floor)), rate)), first: mean, second: square };
}

function average(slow: tf.Tensor, fast: tf.Tensor): tf.Tensor {
  const taken = tf.scalar(0.1);
  return hasFused('average')
    ? runFused('average', { slow, fast, taken })[0]
    : tf.add(slow, tf.mul(tf.sub(fast, slow), taken));
}
