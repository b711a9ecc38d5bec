import { basename, join, resolve } from 'node:path';

import type { Dataset, DatasetLayout } from './dataset.js';
import { countUndecodable, isAudio, listFiles, requireAudio, requireFolder } from './list-files.js';

/**
 * Any folder of audio: every `.wav` and `.flac` file at any depth, without labels, sorted by path. Symbolic links are
 * followed, each folder is entered once. A clip's id is its path below `root`. Audio in other formats is counted in
 * `undecodable`.
 *
 * @throws when `root` is missing, is a file, or holds no file of a supported type.
 * @example
 * const { clips } = await openFolder('recordings');
 * console.log(clips.length, clips[0].id); // 1200 'monday/rain.wav'
 */
export async function openFolder(root: string): Promise<Dataset> {
  await requireFolder('openFolder', root);
  const files = await listFiles(root);
  requireAudio('openFolder', root, files);
  const clips = files.filter(isAudio).map((id) => ({ id, path: resolve(join(root, id)) }));
  return {
    name: basename(resolve(root)),
    root: resolve(root),
    clips,
    undecodable: countUndecodable(files),
    classes: [],
  };
}

/** A plain folder, for the table of layouts. */
export const folder: DatasetLayout = {
  title: 'folder of audio files',
  open: openFolder,
  detect: () => Promise.resolve(false), // every folder would be one: it is asked for by name
  labelled: false,
  group: 'file',
  target: 'class',
  metric: 'accuracy',
};
