import { walkFolder } from './walk-folder.js';

/**
 * The paths of all files below `root`, relative to it, with `/` between names, sorted: those of {@link walkFolder}.
 * Whatever cannot be listed is left out.
 */
export async function listFiles(root: string): Promise<string[]> {
  return (await walkFolder(root)).files;
}
