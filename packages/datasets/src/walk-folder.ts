import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { isAudio } from './audio-extensions.js';
import { byName } from './by-name.js';
import { notAFile, skipReason, type FileKind, type Skipped, type SkipReason } from './skip-reason.js';

/** What {@link walkFolder} finds. */
export interface WalkedFolder {
  /** The paths of all files, relative to the root, with `/` between names, sorted. */
  readonly files: string[];
  /** Folders and sound files that are left out, hidden ones too, and why, sorted by path. */
  readonly skipped: Skipped[];
  /** How many names begin with a dot, or are `__MACOSX`. Of these only what has the name of a sound is among the skipped. */
  readonly hidden: number;
}

/**
 * Lists all files below `root`. Follows symbolic links and enters every folder once, so that a link to a folder above
 * ends. Whatever cannot be listed or cannot be a sound (folders that are not readable or vanish, names that are not UTF-8,
 * links that lead nowhere, pipes) is skipped, and never ends the walk.
 */
export async function walkFolder(root: string): Promise<WalkedFolder> {
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const entered = new Set<string>();
  let hidden = 0;
  const skip = (below: string, why: SkipReason): void =>
    void skipped.push({ path: resolve(join(root, below)), ...why });

  const enter = async (folder: string, above: readonly string[]): Promise<void> => {
    const path = join(root, folder);
    let entries: Dirent<Buffer>[];
    let real: string;
    try {
      real = await realpath(path);
      if (entered.has(real)) {
        skip(folder, above.includes(real) ? loop : listedAlready);
        return;
      }
      entered.add(real);
      entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    } catch (error) {
      skip(folder, folderReason(error, path));
      return;
    }
    for (const entry of entries) {
      const name = entry.name.toString('utf8');
      const readable = Buffer.from(name).equals(entry.name);
      const below = `${folder === '' ? '' : `${folder}/`}${readable ? name : escaped(entry.name)}`;
      if (name.startsWith('.') || name === MACOS) {
        hidden++;
        const odd = hiddenReason(name);
        if (odd) skip(below, odd);
        continue;
      }
      if (!readable) {
        if (isAudio(name) || entry.isDirectory()) skip(below, notUtf8);
        continue;
      }
      const kind = entry.isSymbolicLink() ? await stat(join(path, name)).catch((error: unknown) => error) : entry;
      if (!isEntry(kind)) {
        if (isAudio(name)) skip(below, skipReason(kind, join(path, name)));
      } else if (kind.isDirectory()) await enter(below, [...above, real]);
      else {
        const odd = notAFile(kind);
        if (!odd) files.push(below);
        else if (isAudio(name)) skip(below, odd);
      }
    }
  };
  await enter('', []);
  return { files: files.sort(byName), skipped: skipped.sort((a, b) => byName(a.path, b.path)), hidden };
}

const isEntry = (found: unknown): found is FileKind => !(found instanceof Error);

const loop: SkipReason = {
  reason: 'a link to a folder above it, which is listed already; nothing is lost',
  cause: 'link to a folder above',
  passedOver: true,
};
const listedAlready: SkipReason = {
  reason: 'the same folder as one that is listed already, through a link; nothing is lost',
  cause: 'folder listed already',
  passedOver: true,
};
/** What macOS packs beside folders. */
const MACOS = '__MACOSX';
const notUtf8: SkipReason = { reason: 'its name is not UTF-8; rename it', cause: 'name is not UTF-8' };

/** Why what is hidden is left out; `undefined` where it has not the name of a sound. */
function hiddenReason(name: string): SkipReason | undefined {
  if (name === MACOS || (name.startsWith('._') && isAudio(name)))
    return { reason: 'macOS left it beside the sounds; there is none in it', cause: 'left by macOS', passedOver: true };
  return isAudio(name)
    ? { reason: 'hidden: its name begins with a dot; rename it to use it', cause: 'hidden', passedOver: true }
    : undefined;
}

function folderReason(error: unknown, path: string): SkipReason {
  const { reason, cause } = skipReason(error, path);
  if (cause === 'no such file') return { reason: 'the folder vanished while it was listed', cause: 'vanished' };
  return { reason: `folder ${reason}`, cause: `folder ${cause}` };
}

/** A name of any bytes as text: `caf\xe9.wav`. */
function escaped(name: Buffer): string {
  return name
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
