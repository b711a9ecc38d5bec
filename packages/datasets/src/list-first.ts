import type { Skipped } from './skip-reason.js';

/** The first three of a list for a message, each a line, and how many more there are. */
export function listFirst(skipped: readonly Pick<Skipped, 'path' | 'reason'>[]): string[] {
  const lines = skipped.slice(0, 3).map(({ path, reason }) => `  ${oneLine(path)}: ${reason}`);
  return skipped.length > 3 ? [...lines, `  and ${skipped.length - 3} more`] : lines;
}

/** A name with a line break in it, as one line. */
const oneLine = (name: string): string => name.replaceAll('\n', String.raw`\n`).replaceAll('\r', String.raw`\r`);
