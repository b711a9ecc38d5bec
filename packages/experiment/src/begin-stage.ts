import type { Reporter } from './reporter.js';

/**
 * Reports that a stage begins.
 *
 * @param name what happens in it, in a word or two
 * @param done items that were done before, by a run that is resumed
 * @returns reports how many items are done, with a detail to show beside the number
 */
export function beginStage(
  reporter: Reporter | undefined,
  name: string,
  total: number,
  done = 0,
): (done: number, detail?: string) => void {
  reporter?.stage?.({ name, total, done });
  return (now, detail) =>
    reporter?.progress?.({ stage: name, done: now, total, ...(detail !== undefined && { detail }) });
}
