import { stat } from 'node:fs/promises';
import { extname } from 'node:path';

import { isAudio } from './audio-extensions.js';
import { listFirst } from './list-first.js';
import type { WalkedFolder } from './walk-folder.js';

/** Whether there is a file at a path. */
export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Refuses a root that is missing or a file. */
export async function requireFolder(caller: string, root: string): Promise<void> {
  const found = await stat(root).catch((error: NodeJS.ErrnoException) => error.code ?? 'not readable');
  if (typeof found === 'string') {
    throw new Error(`${caller}: expected a folder, got ${root} (${found}); check the path`);
  }
  if (!found.isDirectory())
    throw new Error(`${caller}: expected a folder, got the file ${root}; pass the folder it is in`);
}

/** Refuses a folder without a single sound file by its name, and says what there is instead. */
export function requireAudio(caller: string, folder: string, { files, skipped, hidden }: WalkedFolder): void {
  if (files.some(isAudio)) return;
  const what = [
    ...countExtensions(files).map(([extension, count]) => `${count} x ${extension}`),
    ...(hidden > 0 ? [`${hidden} hidden (a name that begins with a dot)`] : []),
  ];
  const others = skipped.filter(({ cause }) => cause !== 'hidden'); // these are counted above
  const left = listFirst(others).map((line) => `\n${line}`);
  const got = what.length > 0 ? what.join(', ') : skipped.length > 0 ? 'nothing that can be read' : 'no files';
  const next =
    files.length > 0 ? 'name a folder of sound files (.wav, .flac, .mp3, .ogg, .m4a and others)' : 'check the path';
  throw new Error(`${caller}: expected sound files below ${folder}, got ${got}; ${next}${left.join('')}`);
}

/** How many files of each extension there are, in lower case, the four of which there are most. */
function countExtensions(files: readonly string[]): [extension: string, count: number][] {
  const counts = new Map<string, number>();
  for (const file of files) {
    const extension = extname(file).toLowerCase() || 'no extension';
    counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 4);
}
