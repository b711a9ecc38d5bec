import type { TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { disposeExcept } from './dispose-except.js';

/** What a step gives back: the new state, and what it measured, tensors of rank 0. */
export interface StepResult<State extends TensorTree> {
  readonly state: State;
  readonly metrics: Readonly<Record<string, tf.Tensor>>;
}

/**
 * One update. It borrows batch and scalars. It may take its state (donation, as steps made by `compile` do): after the call
 * the old state is the loop's to dispose, whole or already disposed. Tensors that it leaves unchanged may be handed on.
 */
export type Step<State extends TensorTree, Batch, Scalars> = (
  state: State,
  batch: Batch,
  scalars: Scalars,
) => StepResult<State> | Promise<StepResult<State>>;

/** Options of {@link steps}. */
export interface StepsOptions<State extends TensorTree, Batch, Scalars> {
  /** The state to start from; the loop takes it. */
  readonly state: State;
  readonly step: Step<State, Batch, Scalars>;
  /** The batch of a step, a function of the step (counted from 0) alone; the loop disposes its tensors. */
  readonly batchAt: (step: number) => Batch | Promise<Batch>;
  /** The scalars of a step (learning rate, temperatures), a function of the step alone; the loop disposes tensors in it. */
  readonly scalarsAt: (step: number) => Scalars;
  /** Steps that the state has behind it. Default 0. */
  readonly from?: number;
  /** Steps to do in all, those before `from` included. */
  readonly to: number;
  /** Ends the loop after the step that it is in. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link steps} yields after every step. */
export interface DoneStep<State extends TensorTree> {
  /** Steps done, those before `from` included. */
  readonly step: number;
  /** The state after them. */
  readonly state: State;
  readonly metrics: Readonly<Record<string, number>>;
  /** How long the step took with its batch, in seconds. */
  readonly seconds: number;
}

/**
 * The training loop in memory: runs a step function over and over and yields after each step.
 *
 * The state that is given is taken. The state of an event is borrowed until the next event is asked for; that of the last
 * one belongs to the caller, also after `break`; when no step was done, the given state does. On an error the loop has
 * disposed what it held. Batches, scalars, metrics and old states are disposed, so that the number of tensors is constant;
 * between steps other work of the process gets its turn.
 *
 * @throws Error when a metric is NaN or infinite (naming step and metric) or a number of steps is out of range, and what
 * `step`, `batchAt` or `scalarsAt` throws. A `batchAt` that throws because of the signal ends the loop instead.
 * @example
 * let state = init(1);
 * for await (const event of steps({ state, step, batchAt, scalarsAt: () => ({ learningRate: 1e-3 }), to: 100 })) {
 *   state = event.state;
 *   if (event.metrics.loss! < 0.1) break;
 * }
 * disposeTree(state);
 */
export async function* steps<State extends TensorTree, Batch, Scalars>(
  options: StepsOptions<State, Batch, Scalars>,
): AsyncGenerator<DoneStep<State>, void, undefined> {
  const { step, batchAt, scalarsAt, from = 0, to, signal } = options;
  let { state } = options;
  try {
    check(from, to);
    for (let done = from; done < to && !signal?.aborted;) {
      const began = performance.now();
      const batch = await orStopped(() => batchAt(done), signal);
      if (batch === undefined) return;
      const [next, metrics] = await update(step, state, batch.value, () => scalarsAt(done));
      state = next;
      refuseNonFinite(metrics, done);
      done++;
      yield { step: done, state, metrics, seconds: (performance.now() - began) / 1000 };
      // A macrotask: without it Ctrl-C and the messages of workers wait as long as the backend works synchronously.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    disposeExcept([state], null); // after `break` nothing is thrown: the state is the caller's
    throw error;
  }
}

/** A metric that is not finite; {@link train} says more about it. */
export class NonFiniteMetric extends Error {
  constructor(
    /** The step, counted from 0. */
    readonly step: number,
    readonly metrics: Readonly<Record<string, number>>,
    readonly what: string,
    readonly advice: string,
  ) {
    super(`steps: ${what}; ${advice}`);
  }
}

function refuseNonFinite(metrics: Readonly<Record<string, number>>, step: number): void {
  const bad = Object.entries(metrics).find(([, value]) => !Number.isFinite(value));
  if (!bad) return;
  throw new NonFiniteMetric(
    step,
    metrics,
    `the metric '${bad[0]}' is ${bad[1]} at step ${step}`,
    'look at the figures before that step; a lower learning rate, a longer warm-up or stronger clipping usually helps',
  );
}

/** The batch, or undefined when the signal made the source give up. */
async function orStopped<Batch>(
  batch: () => Batch | Promise<Batch>,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: Batch } | undefined> {
  try {
    return { value: await batch() };
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}

/** One step and its metrics as numbers; disposes all but the new state or, on an error, the old one. */
async function update<State extends TensorTree, Batch, Scalars>(
  step: Step<State, Batch, Scalars>,
  state: State,
  batch: Batch,
  scalarsAt: () => Scalars,
): Promise<[State, Record<string, number>]> {
  let scalars: Scalars | undefined;
  let result: StepResult<State> | undefined;
  try {
    scalars = scalarsAt();
    result = await step(state, batch, scalars);
    const metrics = await readMetrics(result.metrics);
    disposeExcept([state, batch, scalars, result.metrics], result.state);
    return [result.state, metrics];
  } catch (error) {
    disposeExcept([batch, scalars, result], state);
    throw error;
  }
}

/** All metrics in one read: each read of its own would wait for the device. */
async function readMetrics(metrics: Readonly<Record<string, tf.Tensor>>): Promise<Record<string, number>> {
  const names = Object.keys(metrics);
  if (names.length === 0) return {};
  const stacked = tf.tidy(() => tf.stack(names.map((name) => tf.cast(tf.reshape(metrics[name]!, []), 'float32'))));
  try {
    const values = await stacked.data();
    return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  } finally {
    stacked.dispose();
  }
}

function check(from: number, to: number): void {
  for (const [name, value] of Object.entries({ from, to })) {
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw new Error(`steps: expected \`${name}\` to be a number of steps, 0 or more, got ${value}`);
  }
}
