import { schedule } from '@audio-ssl/matpac';
import { readLog } from '@audio-ssl/trainer';
import { matpacOptions } from './config/config-schema.js';
import type { RunRecord } from './run-record.js';

/** One step of a run by name: what it measured, its speed, and the values of its schedules. */
export type RunLogRow = Readonly<Record<string, number>>;

/** The log of a run, one row a step, with the schedules' values beside what was measured. */
export async function readRunLog(
  run: string,
  { config, measured }: Pick<RunRecord, 'config' | 'measured'>,
): Promise<readonly RunLogRow[]> {
  const { at } = schedule(matpacOptions(config), measured.steps);
  return (await readLog(run)).map(({ step, seconds, metrics }) => {
    const { learningRate, encoderDecay, headDecay, teacherTemperature } = at(step);
    return {
      step,
      clipsPerSecond: config.batchSize / seconds,
      learningRate,
      encoderDecay,
      headDecay,
      teacherTemperature,
      ...metrics,
    };
  });
}

/** What was remarked on the figures of a run, and from which step to which. */
export interface RunNote {
  readonly note: string;
  readonly from: number;
  readonly to: number;
}

/** A remark is told when it has held for so many steps in a row: a single batch of silence looks collapsed, too. */
export const LASTING = 10;

/** The remarks in the log of a run that lasted. */
export async function readRunNotes(run: string): Promise<readonly RunNote[]> {
  const found: { note: string; from: number; to: number }[] = [];
  for (const { step, notes = [] } of await readLog(run)) {
    for (const note of notes) {
      const open = found.find((earlier) => earlier.note === note && earlier.to === step - 1);
      if (open) open.to = step;
      else found.push({ note, from: step, to: step });
    }
  }
  return found.filter(({ from, to }) => to - from + 1 >= LASTING);
}

/** Seconds spent in the steps of a run, over all its sessions. */
export async function trainingSeconds(run: string): Promise<number> {
  return (await readLog(run)).reduce((sum, { seconds }) => sum + seconds, 0);
}
