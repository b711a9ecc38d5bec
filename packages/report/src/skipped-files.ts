import type { SkippedFile, SoundWarning } from './report-data.js';

/**
 * Counts what was left out by its cause, the commonest first.
 *
 * @param what became of it, in a word
 * @example
 * countedCauses([{ path: 'a.wav', reason: '...', cause: 'truncated' }], 'skipped'); // '1 skipped: 1 truncated'
 */
export function countedCauses(files: readonly Pick<SkippedFile, 'cause'>[], what: string): string {
  const counts = new Map<string, number>();
  for (const { cause } of files) if (cause !== undefined) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const byCount = [...counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  const parts = byCount.map(([cause, count]) => `${count} ${cause}`);
  return `${files.length} ${what}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** The kinds of {@link SoundWarning} after the number of files. */
const words: Readonly<Record<string, readonly [one: string, several: string]>> = {
  'channels cancel': ['file whose channels cancel each other', 'files whose channels cancel each other'],
  'integer scale': ['file at the scale of integers', 'files at the scale of integers'],
  silent: ['silent file', 'silent files'],
  constant: ['constant file', 'constant files'],
  damaged: ['damaged file is used', 'damaged files are used'],
  'through ffmpeg': ['file is read through ffmpeg', 'files are read through ffmpeg'],
};

/**
 * What is odd about sounds that are used, a sentence for each kind: how many, the first names with what was found in each,
 * once where it is the same in all, and what to do.
 *
 * @example
 * noticeSentences([{ path: 'a.wav', kind: 'silent', message: 'all samples are 0' }]); // ['1 silent file (a.wav): all samples are 0']
 */
export function noticeSentences(notices: readonly SoundWarning[]): readonly string[] {
  return [...new Set(notices.map(({ kind }) => kind))].map((kind) => {
    const alike = notices.filter((notice) => notice.kind === kind);
    const [one, several] = words[kind] ?? [`file: ${kind}`, `files: ${kind}`];
    const [{ message, next }] = alike as [SoundWarning];
    const same = alike.every((other) => other.message === message);
    const names = abbreviate(alike.map(({ path, message: own }) => (same ? path : `${path}: ${own}`)));
    const found = `(${names})${same ? `: ${message}` : ''}`;
    return `${alike.length} ${alike.length === 1 ? one : several} ${found}${next === undefined ? '' : `; ${next}`}`;
  });
}

/**
 * The first three names of a list, and how many more there are.
 *
 * @example
 * abbreviate(['a', 'b', 'c', 'd', 'e']); // 'a, b, c and 2 more'
 */
export function abbreviate(names: readonly string[]): string {
  const more = names.length - 3;
  return `${names.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
