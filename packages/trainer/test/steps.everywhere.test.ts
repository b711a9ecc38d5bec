import { cloneTree, disposeTree, leaves, mapTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLog, steps, train, type Step } from '../src/index.js';
import { regression, type State } from './fixtures/regression.js';

const { initial, step, batchAt, scalarsAt } = regression('(no folder)', 1);
const first = (): State => initial() as State;
const loop = (to: number, state = first()) => ({ state, step, batchAt, scalarsAt, to });

const values = (state: State): [string, number[]][] =>
  leaves(state).map(([path, leaf]) => [path, [...leaf.dataSync()]]);

/** The numbers after so many steps, and the losses, by `train`. */
async function trained(count: number): Promise<{ state: [string, number[]][]; losses: (number | undefined)[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'steps-'));
  try {
    const { state } = await train(regression(directory, count));
    const losses = (await readLog(directory)).map(({ metrics }) => metrics['loss']);
    const found = { state: values(state), losses };
    disposeTree(state);
    return found;
  } finally {
    await rm(directory, { recursive: true });
  }
}

it('gives the numbers of train without a folder, with a constant number of tensors', async () => {
  const whole = await trained(6);
  const before = tf.memory().numTensors;
  const losses: (number | undefined)[] = [];
  const counts: number[] = [];
  let state: State | undefined;
  for await (const event of steps(loop(6))) {
    state = event.state;
    losses.push(event.metrics['loss']);
    counts.push(tf.memory().numTensors);
    expect(event.step).toBe(losses.length);
    expect(event.seconds).toBeGreaterThan(0);
  }
  expect(losses).toEqual(whole.losses);
  expect(values(state!)).toEqual(whole.state);
  expect(new Set(counts).size).toBe(1);
  disposeTree(state!);
  expect(tf.memory().numTensors).toBe(before);
});

it('continues from a state and its number of steps', async () => {
  const whole = await trained(5);
  let state: State | undefined;
  for await (const event of steps(loop(2))) ({ state } = event);
  const done: number[] = [];
  for await (const event of steps({ ...loop(5, state), from: 2 })) {
    ({ state } = event);
    done.push(event.step);
  }
  expect(done).toEqual([3, 4, 5]);
  expect(values(state!)).toEqual(whole.state);
  disposeTree(state!);
});

it('leaves the last state to whoever breaks off, and to the signal', async () => {
  const whole = await trained(3);
  const before = tf.memory().numTensors;
  let state: State | undefined;
  for await (const event of steps(loop(10))) {
    ({ state } = event);
    if (event.step === 3) break;
  }
  expect(values(state!)).toEqual(whole.state);
  disposeTree(state!);

  const controller = new AbortController();
  for await (const event of steps({ ...loop(10), signal: controller.signal })) {
    ({ state } = event);
    if (event.step === 3) controller.abort();
    expect(event.step).toBeLessThan(4);
  }
  expect(values(state!)).toEqual(whole.state);
  disposeTree(state!);
  expect(tf.memory().numTensors).toBe(before);
});

it('keeps the given state when there is nothing to do', async () => {
  const before = tf.memory().numTensors;
  for (const options of [{ to: 0 }, { from: 4, to: 4 }, { to: 4, signal: AbortSignal.abort() }]) {
    const state = first();
    expect(await ended(steps({ ...loop(4, state), ...options }))).toBe(0);
    expect(values(state)).toHaveLength(4);
    disposeTree(state);
  }
  // A source that gives up because of the signal ends the loop, too.
  const controller = new AbortController();
  const state = first();
  const gaveUp = (): never => {
    controller.abort();
    throw controller.signal.reason;
  };
  expect(await ended(steps({ ...loop(4, state), batchAt: gaveUp, signal: controller.signal }))).toBe(0);
  expect(values(state)).toHaveLength(4);
  disposeTree(state);
  expect(tf.memory().numTensors).toBe(before);
});

it('disposes what it holds when anything throws', async () => {
  const fails = (what: string): never => {
    throw new Error(`${what} failed`);
  };
  const late = (at: number, what: string) => (step: number) => (step >= at ? fails(what) : undefined);
  const cases: [string, Partial<ReturnType<typeof loop>> & { from?: number }][] = [
    ['batchAt failed', { batchAt: (step) => late(2, 'batchAt')(step) ?? batchAt(step) }],
    ['scalarsAt failed', { scalarsAt: (step) => late(2, 'scalarsAt')(step) ?? scalarsAt(step) }],
    ['step failed', { step: (...args) => late(2, 'step')(args[0].count.dataSync()[0]!) ?? step(...args) }],
    [
      "steps: the metric 'loss' is NaN at step 2; look at the figures before that step",
      {
        step: async (state, ...args) => {
          const result = await step(state, ...args);
          if (state.count.dataSync()[0]! < 2) return result;
          return { ...result, metrics: { ...result.metrics, loss: tf.scalar(NaN), other: result.metrics['loss']! } };
        },
      },
    ],
    [
      'rank', // a metric that is not of rank 0
      {
        step: async (...args) => {
          const result = await step(...args);
          result.metrics['loss']!.dispose();
          return { ...result, metrics: { loss: tf.zeros([2]) } };
        },
      },
    ],
    ['expected `from` to be a number of steps, 0 or more, got -1', { from: -1 }],
    ['expected `to` to be a number of steps, 0 or more, got 1.5', { to: 1.5 }],
  ];
  for (const [message, changes] of cases) {
    const before = tf.memory().numTensors;
    let caught: unknown;
    try {
      await ended(steps({ ...loop(5), ...changes }));
    } catch (error) {
      caught = error;
    }
    expect(caught, message).toBeInstanceOf(Error);
    if (message !== 'rank') expect((caught as Error).message).toContain(message);
    expect(tf.memory().numTensors, message).toBe(before);
  }
});

it('lets a step take its state, whole or in part', async () => {
  const whole = await trained(4);
  const taking: Step<State, Awaited<ReturnType<typeof batchAt>>, ReturnType<typeof scalarsAt>> = async (
    state,
    batch,
    scalars,
  ) => {
    const result = await step(state, batch, scalars);
    const next = cloneTree(result.state);
    // The old state and what the new one shares with it are gone when the loop gets hold of them.
    mapTree(state, (leaf) => (leaf.dispose(), leaf));
    for (const [, leaf] of leaves(result.state)) leaf.dispose();
    return { state: next, metrics: result.metrics };
  };
  const before = tf.memory().numTensors;
  let state: State | undefined;
  for await (const event of steps({ ...loop(4), step: taking })) ({ state } = event);
  expect(values(state!)).toEqual(whole.state);
  disposeTree(state!);
  expect(tf.memory().numTensors).toBe(before);

  const directory = await mkdtemp(join(tmpdir(), 'steps-'));
  const result = await train({ ...regression(directory, 4), step: taking, checkpointEvery: { steps: 1 } });
  expect(values(result.state)).toEqual(whole.state);
  disposeTree(result.state);
  expect(tf.memory().numTensors).toBe(before);
  await rm(directory, { recursive: true });
});

it('lets other work of the process run between steps', async () => {
  let ran = 0;
  const timer = setInterval(() => void ran++, 0);
  let state: State | undefined;
  for await (const event of steps({ ...loop(20), step: (...args) => (busy(2), step(...args)) })) ({ state } = event);
  clearInterval(timer);
  expect(ran).toBeGreaterThan(3);
  disposeTree(state!);
});

/** Runs a loop to its end; the number of its events. */
async function ended(events: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const event of events) if (event) count++;
  return count;
}

function busy(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}
