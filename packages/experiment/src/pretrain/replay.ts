import type { StartedBackend } from '@audio-ssl/backend';
import { disposeTree, leaves, type TensorTree } from '@audio-ssl/params';
import { describeFit, fitTree, readTree } from '@audio-ssl/tensor-files';
import { readCheckpoint, steps as loop } from '@audio-ssl/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { beginStage } from '../begin-stage.js';
import { InputError } from '../input-error.js';
import { openClips, trainingClips, type OpenClips } from '../open-clips.js';
import type { Reporter } from '../reporter.js';
import { readRunRecord, type RunRecord } from '../run-record.js';
import { batchSource } from './batch-source.js';
import { compareClips, describeChanges, digestOf, listClips, readClipList } from './clip-list.js';
import { compiledStep } from './compiled-step.js';
import { initialState } from './initial-state.js';
import { matpacMethod } from './matpac-method.js';
import type { Method } from './method.js';

/** The options of {@link replay}. */
export interface ReplayOptions {
  /** Folder of a run. */
  readonly run: string;
  /** The step, counted from 0 as in the log. */
  readonly step: number;
  /** The method that the run was pretrained with, where it is one's own. */
  readonly method?: Method | undefined;
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is in a tensor. */
export interface TensorFigures {
  /** Its Euclidean length, over the finite ones of its values. */
  readonly norm: number;
  /** The largest absolute value, over the finite ones. */
  readonly largest: number;
  /** Values that are NaN or infinite. */
  readonly nonFinite: number;
}

/** What a step did, in figures. */
export interface Replayed {
  readonly step: number;
  /** The step from which the state before it was computed anew: that of a checkpoint, or 0. */
  readonly from: number;
  /** Everything that the step measured. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What changes from step to step, such as the learning rate. */
  readonly scalars: Readonly<Record<string, number>>;
  /** The clips of its batch by id, a row each. */
  readonly clips: readonly string[];
  /** Each tensor of the state by its path: weights, averages and moments of the optimiser. */
  readonly tensors: readonly { readonly path: string; readonly before: TensorFigures; readonly after: TensorFigures }[];
}

/**
 * Repeats one step of a run, such as the one at which its loss was no number, and measures everything: the state before it is
 * that of the newest checkpoint that is not later, and of the steps since, which are repeated bit for bit. Writes nothing.
 *
 * @throws InputError for a step that the run does not have
 * @example
 * const { metrics, tensors } = await replay({ run: 'runs/first', step: 37 });
 * const broken = tensors.filter(({ after }) => after.nonFinite > 0);
 */
export async function replay({ run, step, backend, reporter, signal, ...options }: ReplayOptions): Promise<Replayed> {
  const record = await readRunRecord(run);
  const { config, measured } = record;
  if (!(Number.isInteger(step) && step >= 0 && step < measured.steps))
    throw new InputError(
      `\`step\`: expected a step of ${run}, from 0 to ${measured.steps - 1} as in its log, got ${step}`,
      'option',
    );
  const method = options.method ?? matpacMethod(config);
  if ((record.method ?? 'matpac') !== method.name)
    throw new InputError(`\`method\`: ${run} was pretrained with ${record.method}; give that method`, 'option');
  const clips = await openClips({
    root: record.data,
    layout: config.data.dataset,
    ...trainingClips(config, method.views),
    ...{ backend, reporter, signal },
  });
  const update = compiledStep(method, { precision: config.precision, backend });
  const source = batchSource(method, config, clips, measured);
  let state: TensorTree | undefined;
  try {
    await tellOtherClips(run, clips, reporter);
    const start = await startFrom(record, method, { run, step, reporter });
    const from = start.step;
    state = start.state;
    const scalarsAt = (at: number) => method.scalarsAt(at, measured.steps);
    const progress = beginStage(reporter, 'replay', step - from);
    const before = state;
    state = undefined; // the loop's
    let last = before;
    for await (const event of loop({
      state: before,
      step: update,
      batchAt: source.at,
      scalarsAt,
      from,
      to: step,
      signal,
    })) {
      last = event.state;
      progress(event.step - from);
    }
    state = last;
    signal?.throwIfAborted();

    const [ids, batch, scalars] = [await source.clipsAt(step), await source.at(step), scalarsAt(step)];
    const old = await figuresOf(state);
    const result = await update(state, batch, scalars);
    disposeTree(batch);
    state = result.state;
    const metrics: Record<string, number> = {};
    for (const [name, value] of Object.entries(result.metrics)) metrics[name] = (await value.data())[0]!;
    tf.dispose(Object.values(result.metrics));
    const now = await figuresOf(state);
    const tensors = [...now].map(([path, after]) => ({ path, before: old.get(path)!, after }));
    return { step, from, metrics, scalars, clips: ids, tensors };
  } finally {
    if (state !== undefined) disposeTree(state);
    update.dispose();
    source.close();
    await clips.store.close();
  }
}

async function startFrom(
  { config, init }: RunRecord,
  method: Method,
  { run, step, reporter }: Pick<ReplayOptions, 'run' | 'step' | 'reporter'>,
): Promise<{ readonly state: TensorTree; readonly step: number }> {
  const onWarning = (message: string): void => reporter?.warning?.(message);
  const checkpoint = await readCheckpoint(run, { upTo: step, onWarning });
  const fresh = await initialState(method, config, { init: checkpoint ? undefined : init, reporter });
  if (checkpoint === undefined) return { state: fresh, step: 0 };
  try {
    const problems = describeFit(fitTree(leaves(fresh), checkpoint.tensors));
    if (problems !== '') throw new InputError(`${checkpoint.path} is of another run: ${problems}`);
    return { state: await readTree(fresh, (name) => checkpoint.tensors.get(name)!), step: checkpoint.step };
  } finally {
    disposeTree(fresh);
  }
}

async function tellOtherClips(run: string, clips: OpenClips, reporter: Reporter | undefined): Promise<void> {
  const listed = await readClipList(run);
  if (listed === undefined) return;
  const list = await listClips(clips, listed);
  if (digestOf(list).digest === digestOf(listed).digest) return;
  const words = describeChanges(listed.length, list.length, compareClips(listed, list));
  reporter?.warning?.(`the data is not what ${run} was trained on (${words}), so the step has another batch`);
}

async function figuresOf(state: TensorTree): Promise<ReadonlyMap<string, TensorFigures>> {
  const all = new Map<string, TensorFigures>();
  for (const [path, leaf] of leaves(state)) {
    let [squares, largest, nonFinite] = [0, 0, 0];
    for (const value of await leaf.data()) {
      if (!Number.isFinite(value)) nonFinite++;
      else {
        squares += Number(value) ** 2;
        largest = Math.max(largest, Math.abs(Number(value)));
      }
    }
    all.set(path, { norm: Math.sqrt(squares), largest, nonFinite });
  }
  return all;
}
