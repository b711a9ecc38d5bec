import { basename, join, resolve } from 'node:path';

import { isAudio } from './audio-extensions.js';
import type { Dataset, DatasetLayout } from './dataset.js';
import { requireAudio, requireFolder } from './require-folder.js';
import { walkFolder } from './walk-folder.js';

/**
 * Any folder of audio: every file at any depth that has the extension of a sound file, in any case, without labels, sorted
 * by path. Symbolic links are followed, each folder is entered once; hidden files and folders are left out. A clip's id is
 * its path below `root`. What cannot be listed is in `skipped`.
 *
 * @throws when `root` is missing, is a file, or holds no sound file.
 * @example
 * const { clips } = await openFolder('recordings');
 * console.log(clips.length, clips[0].id); // 1200 'monday/rain.wav'
 */
export async function openFolder(root: string): Promise<Dataset> {
  await requireFolder('openFolder', root);
  const walked = await walkFolder(root);
  requireAudio('openFolder', root, walked);
  const clips = walked.files.filter(isAudio).map((id) => ({ id, path: resolve(join(root, id)) }));
  return { name: basename(resolve(root)), root: resolve(root), clips, skipped: walked.skipped, classes: [] };
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
