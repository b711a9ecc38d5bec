import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { AudioError } from '../audio-error.js';
import type { ByteReader } from '../audio-file.js';
import { readAhead } from '../bytes/read-ahead.js';

/** Opens a file to read it anywhere. Waits for nothing: a pipe, a device or a folder is refused in words. */
export function openFileReader(path: string): ByteReader {
  const file = openWithoutWaiting(path);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw noFile(stats);
    return readAhead(readerOfFile(file, stats.size));
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openWithoutWaiting(path: string): number {
  try {
    // A pipe that nobody writes to would keep the program waiting.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const stats = statSync(path, { throwIfNoEntry: false }); // what can't be opened as a file: a socket; on Windows a folder
    if (stats && !stats.isFile()) throw noFile(stats);
    throw error;
  }
}

function readerOfFile(file: number, size: number): ByteReader {
  let open = true;
  return {
    size,
    read(position, target) {
      // The number may belong to another file by then.
      if (!open) throw new Error('openAudioFile: expected an open file, got one that was closed; open it again');
      let found = 0;
      while (found < target.length) {
        const count = readSync(file, target, found, target.length - found, position + found);
        if (count === 0) break;
        found += count;
      }
      return found;
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}

function noFile(stats: Stats): AudioError {
  return new AudioError(`openAudioFile: expected a file, got ${kindOf(stats)}; give a sound file's path`, 'not audio');
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
