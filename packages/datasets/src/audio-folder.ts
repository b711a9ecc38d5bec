import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { requireAudio, requireFolder } from './list-files.js';

/**
 * Reads the names in `root/audio` and returns what finds a clip there: `name.wav` or `name.flac`, or `otherwise` if
 * neither exists (one missing file is for the log-mel store to skip and count).
 */
export async function audioFolder(caller: string, root: string): Promise<(name: string, otherwise: string) => string> {
  const folder = resolve(root, 'audio');
  await requireFolder(caller, folder);
  const names = await readdir(folder);
  requireAudio(caller, folder, names);
  const present = new Set(names);
  return (name, otherwise) =>
    join(folder, [`${name}.wav`, `${name}.flac`].find((file) => present.has(file)) ?? otherwise);
}
