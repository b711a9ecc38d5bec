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

/** Seconds spent in the steps of a run, over all its sessions. */
export async function trainingSeconds(run: string): Promise<number> {
  return (await readLog(run)).reduce((sum, { seconds }) => sum + seconds, 0);
}
