import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const supported: ReadonlySet<string> = new Set(['.wav', '.flac']);

/** Whether the name ends in an extension that can be decoded; upper case counts too. */
export const isAudio = (name: string): boolean => supported.has(extname(name).toLowerCase());

// Sound, by its name, that we can't decode. What else lies in a folder (tables, texts, pictures) is nobody's loss.
const undecodable: ReadonlySet<string> = new Set(
  'aac aif aifc aiff amr ape au caf m4a mka mp2 mp3 mp4 oga ogg opus webm wma wv'
    .split(' ')
    .map((extension) => `.${extension}`),
);

/** How many files of each kind of audio there are that can't be decoded, most first: `{ '.mp3': 5 }`. */
export function countUndecodable(files: readonly string[]): Record<string, number> {
  return Object.fromEntries(countExtensions(files).filter(([extension]) => undecodable.has(extension)));
}

/** How many files of each extension there are, in lower case, most first. */
function countExtensions(files: readonly string[]): [extension: string, count: number][] {
  const counts = new Map<string, number>();
  for (const file of files) {
    const extension = extname(file).toLowerCase() || 'no extension';
    counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** Order by UTF-16 code units: the same on every machine, whatever its language. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The paths of all files below `root`, relative to it, with `/` between names, sorted. Follows symbolic links and enters
 * every folder once, so that a link to a parent ends; leaves out names that begin with a dot.
 */
export async function listFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  const entered = new Set<string>();
  const enter = async (folder: string): Promise<void> => {
    const path = join(root, folder);
    const real = await realpath(path);
    if (entered.has(real)) return;
    entered.add(real);
    const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
    for (const entry of entries.sort((a, b) => byName(a.name, b.name))) {
      const below = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // a link that leads nowhere is kept as a file: it is counted among the unreadable ones later
      const isFolder = entry.isSymbolicLink()
        ? await stat(join(root, below)).then(
            (target) => target.isDirectory(),
            () => false,
          )
        : entry.isDirectory();
      if (isFolder) await enter(below);
      else files.push(below);
    }
  };
  await enter('');
  return files.sort(byName);
}

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

/** Refuses a folder without a single file of a supported type, and says what there is instead. */
export function requireAudio(caller: string, folder: string, files: readonly string[]): void {
  if (files.some(isAudio)) return;
  if (files.length === 0) throw new Error(`${caller}: ${folder} has no files; check the path`);
  const what = countExtensions(files)
    .slice(0, 4)
    .map(([extension, count]) => `${count} x ${extension}`)
    .join(', ');
  throw new Error(
    `${caller}: expected .wav or .flac files below ${folder}, got ${what}; convert them first, for example with "ffmpeg -i in.mp3 out.flac"`,
  );
}
