import type { StartedBackend } from '@audio-ssl/backend';
import { disposeTree } from '@audio-ssl/params';
import { steps } from '@audio-ssl/trainer';
import type { Config } from '../config/config-schema.js';
import type { OpenClips } from '../open-clips.js';
import { batchSource } from './batch-source.js';
import { compiledStep } from './compiled-step.js';
import { matpacMethod } from './matpac-method.js';
import type { Method } from './method.js';
import { monitor } from './monitor.js';

// Steps that are timed for a time budget, after those that also prepare: the first one is traced, the second one optimised.
const TIMED = 7;
const PREPARING = 2;
// Of the budget, for what is not steps: checkpoints, pauses of a busy machine.
const RESERVE = 0.05;

/** The options of {@link timeSteps}. */
export interface TimeStepsOptions {
  readonly config: Config;
  readonly clips: OpenClips;
  /** What the log-mels are standardised with. */
  readonly mean: number;
  readonly std: number;
  /** The method; MATPAC as the configuration describes it by default. */
  readonly method?: Method | undefined;
  readonly backend?: StartedBackend | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How long a step takes, from the first few of a run on a state that is thrown away, and the monitor.
 *
 * @returns seconds; those of the monitor are 0 where it is turned off
 * @throws the signal's reason when it is aborted
 * @example
 * const { secondsPerStep } = await timeSteps({ config, clips, mean: -7.056, std: 4.193 });
 */
export async function timeSteps({
  config,
  clips,
  mean,
  std,
  method = matpacMethod(config),
  backend,
  signal,
}: TimeStepsOptions): Promise<{ readonly secondsPerStep: number; readonly secondsPerMonitor: number }> {
  const step = compiledStep(method, { precision: config.precision, backend });
  const source = batchSource(method, config, clips, { mean, std });
  let state = method.init(config.seed);
  let held = true; // false while the loop holds the state
  try {
    const seconds: number[] = [];
    const to = PREPARING + TIMED;
    held = false;
    for await (const event of steps({
      state,
      step,
      batchAt: source.at,
      scalarsAt: () => method.scalarsAt(1, 1000),
      to,
      signal,
    })) {
      ({ state } = event);
      if (event.step > PREPARING) seconds.push(event.seconds);
    }
    held = true;
    signal?.throwIfAborted();
    const began = performance.now();
    const hook = monitor(method, config, clips, { mean, std });
    await hook?.run({ state, step: to, steps: to, signal });
    const secondsPerMonitor = hook ? (performance.now() - began) / 1000 : 0;
    return { secondsPerStep: median(seconds), secondsPerMonitor };
  } finally {
    if (held) disposeTree(state);
    step.dispose();
    source.close();
  }
}

/** How many steps fit into a time budget. */
export async function stepsWithin(minutes: number, timed: TimeStepsOptions): Promise<number> {
  const { every } = timed.config.monitor;
  const { secondsPerStep, secondsPerMonitor } = await timeSteps(timed);
  const seconds = (1 - RESERVE) * 60 * minutes - secondsPerMonitor; // the one after the last step
  return Math.max(1, Math.floor(seconds / (secondsPerStep + (every > 0 ? secondsPerMonitor / every : 0))));
}

/** The middle one of an odd number of values: the machine may have been busy in one of the steps. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
