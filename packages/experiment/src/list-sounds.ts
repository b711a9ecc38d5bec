import { openFolder, type Skipped } from '@audio-ssl/datasets';
import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { findPath, type ListedFolders } from './find-path.js';
import { InputError } from './input-error.js';
import { nothingUsable } from './nothing-usable.js';
import { readStandardInput } from './read-standard-input.js';

/** A sound to work on. */
export interface ListedSound {
  /** Its name in the output: the path as it was given or, where a list spells it otherwise, as its folder does; `-` for a sound from standard input. */
  readonly id: string;
  /** Its file. */
  readonly path: string;
}

/** The sounds that inputs name. */
export interface ListedSounds {
  readonly sounds: readonly ListedSound[];
  /** What was found in folders and is left out, and folders that cannot be read or have no sounds; each once. */
  readonly skipped: readonly Skipped[];
  /** Removes the file that was written for a sound from standard input. */
  close(): Promise<void>;
}

/** How {@link listSounds} reads its inputs. */
export interface ListSoundsOptions {
  /** What `-` among the inputs reads, such as `process.stdin`. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Whether a system `ffmpeg` may read what comes from there. */
  readonly ffmpeg?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The longest name that is shown of a list that names nothing. */
const LONGEST = 80;

/**
 * Lists the sounds that inputs name: files, folders (every sound below them), and `-`, standard input: a sound itself, or
 * paths, one a line or separated by NUL. A path that is named twice counts once. A missing file of a list is listed like
 * any other, so that it fails alone; a missing file among the inputs is taken for a typing error.
 *
 * @throws InputError for an input that does not exist, a list of which nothing exists, folders without one sound, or `-`
 * without `stdin`; the signal's reason when it is aborted
 * @example
 * const { sounds, close } = await listSounds(['recordings', 'one more.wav']);
 */
export async function listSounds(inputs: readonly string[], options: ListSoundsOptions = {}): Promise<ListedSounds> {
  const { stdin, ffmpeg, signal } = options;
  const sounds = new Map<string, ListedSound>();
  const skipped = new Map<string, Skipped>();
  const skip = (left: Skipped): void => void skipped.set(resolve(left.path), left);
  let remove: (() => Promise<void>) | undefined;
  const add = async (input: string): Promise<void> => {
    if (!statSync(input, { throwIfNoEntry: false })?.isDirectory()) {
      sounds.set(input, { id: input, path: input });
      return;
    }
    const opened = await openFolder(input).catch((error: Error) => error);
    if (opened instanceof Error) {
      skip({ path: input, ...(await withoutSounds(input, opened)) });
      return;
    }
    const below = (path: string): string => join(input, isAbsolute(path) ? relative(opened.root, path) : path);
    for (const { id } of opened.clips) sounds.set(below(id), { id: below(id), path: below(id) });
    for (const left of opened.skipped) skip({ ...left, path: below(left.path) });
  };
  const close = async (): Promise<void> => remove?.();
  try {
    for (const input of inputs) {
      if (input !== '-') {
        if (!existsSync(input)) throw new InputError(`${input}: no such file; check the path`);
        await add(input);
        continue;
      }
      if (!stdin) throw new InputError('the input - means standard input; give it as `stdin`', 'option');
      const found = await readStandardInput(stdin, { ffmpeg, signal });
      if ('sound' in found) {
        ({ remove } = found);
        sounds.set('-', { id: '-', path: found.sound });
        continue;
      }
      const listed: ListedFolders = new Map();
      const find = (path: string): string | undefined => findPath(path, listed);
      const paths = found.paths.map((line) => ({ line, path: find(line) ?? find(line.trim()) }));
      if (paths.length > 0 && paths.every(({ path }) => path === undefined))
        throw new InputError(
          `${cut(paths[0]!.line)}: no such file; expected a sound or paths, one a line, on standard input`,
        );
      for (const { line, path } of paths) {
        if (path !== undefined) await add(path);
        else sounds.set(line, { id: line, path: line });
      }
    }
    if (sounds.size === 0 && skipped.size > 0) {
      const left = [...skipped.values()];
      throw nothingUsable(left, left.length === 1 ? { where: 'no sounds' } : { what: 'inputs have no sounds' });
    }
    if (sounds.size === 0)
      throw new InputError(
        inputs.includes('-')
          ? 'no sounds: nothing came on standard input; pipe a sound or a list of paths into it'
          : 'no sounds: name files, folders, or - for standard input',
      );
  } catch (error) {
    await close();
    throw error;
  }
  return { sounds: [...sounds.values()], skipped: [...skipped.values()], close };
}

/** Why a folder gives no sounds: it cannot be listed, or there are none in it. */
async function withoutSounds(folder: string, { message }: Error): Promise<Pick<Skipped, 'reason' | 'cause'>> {
  const { code } = await readdir(folder).then(
    () => ({ code: undefined }),
    (error: NodeJS.ErrnoException) => error,
  );
  if (code === undefined)
    return { reason: message.replace(/^openFolder: /, '').replaceAll('\n  ', '; '), cause: 'folder without sounds' };
  const refused = code === 'EACCES' || code === 'EPERM';
  return {
    reason: `the folder cannot be listed (${code}); ${refused ? 'change its permissions' : 'check its path and disk'}`,
    cause: refused ? 'folder not readable' : `folder ${code}`, // as for a folder below another
  };
}

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);
