import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a moment, or until the command is over. */
export type Moment = (over: () => boolean) => Promise<void>;

/** So many milliseconds after the start. */
export const after =
  (milliseconds: number): Moment =>
  async (over) => {
    const end = performance.now() + milliseconds;
    while (!over() && performance.now() < end) await sleep(Math.min(5, end - performance.now()));
  };

/** When the log of a run has so many lines. */
export const atStep =
  (run: string, step: number): Moment =>
  async (over) => {
    const count = async (): Promise<number> =>
      (await readFile(join(run, 'log.jsonl'), 'utf8').catch(() => '')).split('\n').length - 1;
    while (!over() && (await count()) < step) await sleep(1);
  };

/** When a file is being written in a folder, from a moment on. */
export const whileWriting =
  (folder: string, from: Moment): Moment =>
  async (over) => {
    await from(over);
    const names = async (): Promise<readonly string[]> => readdir(folder).catch(() => []);
    while (!over() && !(await names()).some((name) => name.endsWith('.tmp'))) await sleep(0);
  };
