import { extname, join, resolve } from 'node:path';

import { audioExtensions, isAudio } from './audio-extensions.js';
import { requireAudio, requireFolder } from './require-folder.js';
import type { Skipped } from './skip-reason.js';
import { walkFolder } from './walk-folder.js';

/** The sounds of a data set with a table. */
export interface AudioFolder {
  /**
   * The path of the sound that a table names, with or without an extension: as it is written; else in another Unicode
   * form or case; else with the extension of another sound format. The name may begin with the folder (`audio/a.wav`) and
   * have folders in it. Where nothing fits it is the path that the name says (one missing file is for the log-mel store to
   * skip and count).
   */
  find(name: string): string;
  /** What could not be listed. */
  readonly skipped: readonly Skipped[];
}

/** Lists the files in `root/audio`. */
export async function audioFolder(caller: string, root: string): Promise<AudioFolder> {
  const folder = resolve(root, 'audio');
  await requireFolder(caller, folder);
  const walked = await walkFolder(folder);
  requireAudio(caller, folder, walked);
  const files = walked.files.filter(isAudio);
  const exact = new Set(files);
  const alike = groups(files, fold);
  const stems = groups(files, (file) => fold(stemOf(file)));

  const only = (found: readonly string[] | undefined, name: string): string | undefined => {
    if (found === undefined || found.length < 2) return found?.[0];
    throw new Error(
      `${caller}: ${JSON.stringify(name)} in the table fits ${found.length} files in ${folder}, such as ${found[0]} and ${found[1]}; write one of these names`,
    );
  };
  const look = (name: string): string | undefined => {
    if (exact.has(name)) return name;
    const sameName = alike.get(fold(name));
    // of files that differ in case alone, the one in the right case
    const right = sameName?.filter((file) => file.normalize() === name.normalize());
    const found = only(right?.length ? right : sameName, name);
    if (found !== undefined) return found;
    const others = stems.get(fold(stemOf(name))) ?? [];
    const ordered = audioExtensions.flatMap((extension) =>
      others.filter((file) => extname(file).toLowerCase() === extension),
    );
    const first = ordered[0];
    return only(
      ordered.filter((file) => first !== undefined && extname(file).toLowerCase() === extname(first).toLowerCase()),
      name,
    );
  };
  return {
    find(name) {
      const plain = name.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
      const found = look(plain) ?? (plain.startsWith('audio/') ? look(plain.slice('audio/'.length)) : undefined);
      return join(folder, found ?? plain);
    },
    skipped: walked.skipped,
  };
}

/** What names of one file have in common, whatever case and Unicode form they are written in. */
const fold = (name: string): string => name.normalize('NFC').toLowerCase().normalize('NFC');

/** The name without the extension of a sound file; what else follows a dot belongs to the name. */
const stemOf = (name: string): string => (isAudio(name) ? name.slice(0, -extname(name).length) : name);

function groups(files: readonly string[], key: (file: string) => string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const group = found.get(key(file));
    if (group) group.push(file);
    else found.set(key(file), [file]);
  }
  return found;
}
