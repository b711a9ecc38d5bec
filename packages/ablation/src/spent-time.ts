import { readJsonOr, writeJson } from '@audio-ssl/trainer';
import { join } from 'node:path';
import { suiteFiles } from './suite-files.js';

// Milliseconds: what is forgotten at most when a suite is killed.
const EVERY = 10_000;

/**
 * Works on a suite and notes on the way the seconds that it has taken, over all calls: a call adds to the time of the
 * calls before it, however they ended.
 *
 * @param work gets a function that returns the seconds so far
 */
export async function withSpentTime<R>(
  out: string,
  work: (spent: () => number) => Promise<R>,
  every = EVERY,
): Promise<R> {
  const path = join(out, suiteFiles.spent);
  const began = performance.now();
  const { seconds: earlier } = await readJsonOr(path, { seconds: 0 });
  const spent = (): number => earlier + (performance.now() - began) / 1000;
  let last = Promise.resolve();
  const note = (): Promise<void> =>
    // One after the other, and never the reason why a suite ends: where nothing can be written, its work says so.
    (last = last.then(() => writeJson(path, { seconds: spent() })).catch(() => undefined));
  const timer = setInterval(() => void note(), every);
  try {
    return await work(spent);
  } finally {
    clearInterval(timer);
    await note();
  }
}
