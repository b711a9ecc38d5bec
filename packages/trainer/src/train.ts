import type { TensorTree } from '@audio-ssl/params';
import { disposeExcept } from './dispose-except.js';
import { last, prepareFolder, readCheckpoint, restore, setAsideNewer, writeCheckpoint } from './folder/checkpoint.js';
import type { Fingerprint } from './folder/fingerprint.js';
import type { FolderLock } from './folder/lock-folder.js';
import { lockRun } from './folder/lock-run.js';
import { openLog, type Log } from './folder/log.js';
import { NonFiniteMetric, steps, type Step } from './steps.js';

/** What {@link TrainOptions.onStep} is called with. */
export interface StepEvent {
  /** Steps done. */
  readonly step: number;
  /** Steps to do in all. */
  readonly steps: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** What `notesOf` says of the metrics. */
  readonly notes: readonly string[];
  /** Over the last steps of this session. */
  readonly stepsPerSecond: number;
  /** At that speed. */
  readonly secondsLeft: number;
}

/** What {@link TrainOptions.adviseNonFinite} is called with. */
export interface NonFiniteEvent {
  /** Index of the step, counted from 0. */
  readonly step: number;
  /** Everything that it measured. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Something to do every few steps, such as a probe. */
export interface Hook<State extends TensorTree> {
  /** Runs after every `every` steps, and after the last. */
  readonly every: number;
  /** The state is borrowed: do not dispose it or keep it. Numbers that come back are logged with the step's metrics. */
  readonly run: (event: {
    readonly step: number;
    readonly steps: number;
    readonly state: State;
    readonly signal: AbortSignal | undefined;
  }) => Promise<Readonly<Record<string, number>> | void> | Readonly<Record<string, number>> | void;
}

/** Options of {@link train}. */
export interface TrainOptions<State extends TensorTree, Batch, Scalars> {
  /** The run's folder; made when missing. A run that is in it is resumed. */
  readonly directory: string;
  /** Of a caller that has taken the folder by `lockRun` and releases it later; by default it is held while `train` runs. */
  readonly lock?: FolderLock | undefined;
  /** Steps to do in all, those of earlier sessions included. */
  readonly steps: number;
  /** Whatever fixes the run's numbers, as JSON values: a run with another fingerprint is refused. */
  readonly fingerprint: Fingerprint;
  /**
   * What the fingerprint of a checkpoint stands for now, before it is compared: for those of older versions, and for changes
   * that were accepted. By default it is compared as it is.
   */
  readonly upgradeFingerprint?: (saved: Fingerprint) => Fingerprint;
  /** What else a checkpoint should say, as strings by name, such as the method; `step` and `fingerprint` are taken. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Makes the first state. Called on resuming too, for its structure and shapes. */
  readonly initial: () => State | Promise<State>;
  readonly step: Step<State, Batch, Scalars>;
  /** The batch of a step, a function of the step (counted from 0) alone; the loop disposes its tensors. */
  readonly batchAt: (step: number) => Batch | Promise<Batch>;
  /** The scalars of a step (learning rate, temperatures), a function of the step alone; the loop disposes tensors in it. */
  readonly scalarsAt: (step: number) => Scalars;
  /** When to write checkpoints, besides at the end: every so many steps or seconds. Default every 60 seconds. */
  readonly checkpointEvery?: { readonly steps?: number; readonly seconds?: number };
  /** Finishes the current step, writes a checkpoint and returns with `completed: false`. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every step, once it is logged. */
  readonly onStep?: (event: StepEvent) => void;
  readonly hooks?: readonly Hook<State>[];
  /**
   * Remarks on the figures of a step (counted from 0), such as a collapse: logged with them. A function of figures and step
   * alone, so that the log of a resumed run equals that of an unbroken one.
   */
  readonly notesOf?: (metrics: Readonly<Record<string, number>>, step: number) => readonly string[];
  /**
   * Called when a metric is NaN or infinite, which ends the run: what the message says of it in place of general advice, such
   * as what was in the batch.
   */
  readonly adviseNonFinite?: (event: NonFiniteEvent) => string | Promise<string>;
  /** Called with a sentence about damaged checkpoints and locks that were taken over. Silent by default. */
  readonly onWarning?: (message: string) => void;
}

/** What {@link train} gives back; the caller disposes the state. */
export interface TrainResult<State extends TensorTree> {
  readonly state: State;
  /** False when the signal stopped the run. */
  readonly completed: boolean;
  /** Steps done, those of earlier sessions included. */
  readonly step: number;
}

/**
 * {@link steps} with a run folder: checkpoints, a log, and resuming that equals an unbroken run bit for bit.
 *
 * The folder holds `checkpoints/step-*.safetensors` (the two newest), `log.jsonl` (one line per step) and, while a
 * process trains in it, `train.lock`. Everything random must come from the step, so that a resumed run draws what the
 * unbroken run would have drawn. The loop disposes old states, batches and metrics: the number of tensors is constant.
 *
 * @throws Error when a metric is NaN or infinite (naming step and metric), a checkpoint cannot be written, the folder
 * holds a run of another configuration or other shapes, all its checkpoints are damaged, or another process trains in
 * it. Checkpoints already written stay.
 * @example
 * const { state, completed } = await train({
 *   directory: 'runs/first', steps: 1000, fingerprint: { seed: 1, learningRate: 1e-3 },
 *   initial: () => init(1), step, batchAt, scalarsAt: () => ({ learningRate: 1e-3 }),
 * });
 */
export async function train<State extends TensorTree, Batch, Scalars>(
  options: TrainOptions<State, Batch, Scalars>,
): Promise<TrainResult<State>> {
  const { directory, onWarning } = options;
  check(options);
  const lock = options.lock ?? (await lockRun(directory, { onWarning }));
  try {
    const start = await startState(options);
    await prepareFolder(directory);
    return await loop(options, start, lock);
  } finally {
    if (options.lock === undefined) await lock.release();
  }
}

async function loop<State extends TensorTree, Batch, Scalars>(
  options: TrainOptions<State, Batch, Scalars>,
  start: { readonly state: State; readonly step: number },
  lock: FolderLock,
): Promise<TrainResult<State>> {
  const { directory, steps: total, step, batchAt, scalarsAt, signal, hooks = [] } = options;
  let { state, step: done } = start;
  let saved = done;
  let log: Log | undefined;
  try {
    log = await openLog(directory, done, options.onWarning);
    const pace = stepClock();
    const due = checkpointClock(options.checkpointEvery ?? { seconds: 60 });
    const save = async (): Promise<void> => {
      log?.sync();
      await writeCheckpoint(directory, done, {
        state,
        fingerprint: options.fingerprint,
        metadata: options.metadata ?? {},
      });
      saved = done;
    };

    for await (const event of steps({ state, step, batchAt, scalarsAt, from: done, to: total, signal })) {
      ({ state, step: done } = event);
      const metrics = { ...event.metrics };
      for (const { every, run } of hooks) {
        if (done % every === 0 || done === total)
          Object.assign(metrics, await run({ step: done, steps: total, state, signal }));
      }
      const notes = options.notesOf?.(metrics, done - 1) ?? [];
      log.append({
        step: done - 1,
        time: new Date().toISOString(),
        seconds: event.seconds,
        metrics,
        ...(notes.length > 0 && { notes }),
      });
      const stepsPerSecond = pace();
      const secondsLeft = (total - done) / stepsPerSecond;
      options.onStep?.({ step: done, steps: total, metrics, notes, stepsPerSecond, secondsLeft });
      await lock.touch();
      if (due()) await save();
    }
    if (saved < done) await save();
    return { state, completed: done >= total, step: done };
  } catch (error) {
    disposeExcept([state], null);
    if (!(error instanceof NonFiniteMetric)) throw error;
    const { step: failed, metrics, advice } = error;
    const words = (await options.adviseNonFinite?.({ step: failed, metrics })) ?? advice;
    throw new Error(`train: ${error.what}; ${await last(directory)}; ${words}`, { cause: error });
  } finally {
    log?.close();
  }
}

async function startState<State extends TensorTree, Batch, Scalars>({
  directory,
  fingerprint,
  upgradeFingerprint = (saved) => saved,
  initial,
  onWarning,
}: TrainOptions<State, Batch, Scalars>): Promise<{ state: State; step: number }> {
  const checkpoint = await readCheckpoint(directory, { onWarning });
  const first = await initial();
  if (!checkpoint) return { state: first, step: 0 };
  try {
    const saved = { ...checkpoint, fingerprint: upgradeFingerprint(checkpoint.fingerprint) };
    const state = await restore(saved, first, fingerprint, directory);
    await setAsideNewer(directory, checkpoint.step);
    return { state, step: checkpoint.step };
  } finally {
    disposeExcept([first], null);
  }
}

/** Steps per second over the last 50 steps. */
function stepClock(): () => number {
  const times = [performance.now()];
  return () => {
    times.push(performance.now());
    if (times.length > 51) times.shift();
    return (1000 * (times.length - 1)) / Math.max(times.at(-1)! - times[0]!, 1e-3);
  };
}

function checkpointClock({
  steps = Infinity,
  seconds = Infinity,
}: {
  steps?: number;
  seconds?: number;
}): () => boolean {
  let since = performance.now();
  let count = 0;
  return () => {
    count++;
    if (count < steps && performance.now() - since < 1000 * seconds) return false;
    since = performance.now();
    count = 0;
    return true;
  };
}

function check<State extends TensorTree, Batch, Scalars>({
  directory,
  steps,
  checkpointEvery,
  hooks = [],
}: TrainOptions<State, Batch, Scalars>): void {
  if (directory === '') throw new Error('train: expected the path of a folder in `directory`, got an empty one');
  if (!(Number.isSafeInteger(steps) && steps >= 1)) throw new Error(`train: expected steps of 1 or more, got ${steps}`);
  for (const [name, value] of [
    ['checkpointEvery.steps', checkpointEvery?.steps],
    ['checkpointEvery.seconds', checkpointEvery?.seconds],
    ...hooks.map(({ every }, i) => [`hooks[${i}].every`, every] as const),
  ] as const) {
    if (value !== undefined && !(value > 0)) throw new Error(`train: expected ${name} above 0, got ${value}`);
  }
}
