import { schedule } from '@audio-ssl/matpac';
import { readLog } from '@audio-ssl/trainer';
import { matpacOptions } from './config/config-schema.js';
import type { RunRecord } from './run-record.js';

/** One step of a run by name: what it measured, its speed, and the values of its schedules. */
export type RunLogRow = Readonly<Record<string, number>>;

/**
 * The log of a run, one row for each step, with the values of MATPAC's schedules beside what was measured.
 *
 * @param run the run's folder
 * @example
 * const rows = await readRunLog('runs/first', await readRunRecord('runs/first'));
 */
export async function readRunLog(
  run: string,
  { config, measured, method }: Pick<RunRecord, 'config' | 'measured' | 'method'>,
): Promise<readonly RunLogRow[]> {
  const { at } = schedule(matpacOptions(config), measured.steps);
  const scheduled = (step: number): RunLogRow => {
    if (method !== undefined) return {}; // its curves are its own
    const { learningRate, encoderDecay, headDecay, teacherTemperature } = at(step);
    return { learningRate, encoderDecay, headDecay, teacherTemperature };
  };
  return (await readLog(run)).map(({ step, seconds, metrics }) => ({
    step,
    clipsPerSecond: config.batchSize / seconds,
    ...scheduled(step),
    ...metrics,
  }));
}

/** A remark on the figures of a run, and the steps for which it held. */
export interface RunNote {
  readonly note: string;
  /** The first step, counted from 0. */
  readonly from: number;
  /** The last step. */
  readonly to: number;
  /** Number of steps for which it held, where not for all of them. */
  readonly steps?: number;
}

/** A collapse is reported when it has held for this many steps in a row: a single batch of silence looks collapsed, too. */
export const LASTING = 10;

/** Whether a remark is of a state of the run, which has to last, and not of what happened at a step. */
export const isState = (note: string): boolean => note.startsWith('collapse:');

/**
 * The remarks in the log of a run: collapses that lasted for ten steps or more, and what happened at single steps, such as
 * spikes of the gradient or changes of the data, each with its first and last step.
 *
 * @param run the run's folder
 * @example
 * for (const { note, from } of await readRunNotes('runs/first')) console.log(`${note}, since step ${from}`);
 */
export async function readRunNotes(run: string): Promise<readonly RunNote[]> {
  const found: { note: string; from: number; to: number; steps: number }[] = [];
  for (const { step, notes = [] } of await readLog(run)) {
    for (const note of notes) {
      const open = found.find((earlier) => earlier.note === note && (!isState(note) || earlier.to === step - 1));
      if (open) Object.assign(open, { to: step, steps: open.steps + 1 });
      else found.push({ note, from: step, to: step, steps: 1 });
    }
  }
  return found
    .filter(({ note, steps }) => !isState(note) || steps >= LASTING)
    .map(({ steps, ...note }) => (steps === note.to - note.from + 1 ? note : { ...note, steps }));
}

/** Seconds spent in the steps of a run, over all its sessions. */
export async function trainingSeconds(run: string): Promise<number> {
  return (await readLog(run)).reduce((sum, { seconds }) => sum + seconds, 0);
}
