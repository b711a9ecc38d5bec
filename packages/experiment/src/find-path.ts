import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The path of what a list names, as its folder spells it: names with accents are stored composed or decomposed (NFC, NFD),
 * and lists come from systems where upper and lower case are one.
 *
 * @returns `undefined` where nothing is there, or where several names differ in their case alone
 * @example
 * findPath('cafe\u0301.wav'); // 'caf\u00e9.wav', where that is the file's name
 */
export function findPath(path: string): string | undefined {
  if (existsSync(path)) return path;
  const above = dirname(path);
  if (above === path) return undefined;
  const folder = findPath(above);
  if (folder === undefined) return undefined;
  const found = (spelled: (name: string) => string): string[] =>
    namesIn(folder).filter((name) => spelled(name) === spelled(basename(path)));
  const names = [found((name) => name.normalize()), found((name) => name.normalize().toLowerCase())];
  const [name, ...others] = names.find((some) => some.length > 0) ?? [];
  if (name === undefined || others.length > 0) return undefined;
  return above === '.' && !path.startsWith('.') ? name : join(folder, name);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
