import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The names in folders that have been listed, by each of the {@link spellings}. */
export type ListedFolders = Map<string, readonly ReadonlyMap<string, readonly string[]>[]>;

/** How names are compared: by their letters, then without regard to case. */
const spellings = [(name: string) => name.normalize(), (name: string) => name.normalize().toLowerCase()] as const;

/**
 * The path of what a list names, as its folder spells it: names with accents are stored composed or decomposed (NFC, NFD),
 * and lists come from systems where upper and lower case are one.
 *
 * @param listed what earlier calls have listed; each folder is then listed once for all paths of a list
 * @returns `undefined` where nothing is there, or where several names differ in their case alone
 * @example
 * findPath('cafe\u0301.wav'); // 'caf\u00e9.wav', where that is the file's name
 */
export function findPath(path: string, listed: ListedFolders = new Map()): string | undefined {
  if (existsSync(path)) return path;
  const above = dirname(path);
  if (above === path) return undefined;
  const folder = findPath(above, listed);
  if (folder === undefined) return undefined;
  let names = listed.get(folder);
  if (!names) listed.set(folder, (names = namesIn(folder)));
  const found = spellings.map((spelled, i) => names[i]!.get(spelled(basename(path))) ?? []);
  const [name, ...others] = found.find((some) => some.length > 0) ?? [];
  if (name === undefined || others.length > 0) return undefined;
  return above === '.' && !path.startsWith('.') ? name : join(folder, name);
}

function namesIn(folder: string): ReadonlyMap<string, readonly string[]>[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // not readable, or not a folder: nothing is found in it
  }
  return spellings.map((spelled) => {
    const byName = new Map<string, string[]>();
    for (const name of names) {
      const as = spelled(name);
      const same = byName.get(as);
      if (same) same.push(name);
      else byName.set(as, [name]);
    }
    return byName;
  });
}
