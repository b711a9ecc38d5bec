import { AudioError } from '../audio-error.js';

/** A coding that is not read, by its name. */
export function unreadCoding(container: string, readable: string, what: string): AudioError {
  return new AudioError(
    `openAudio: expected a file of ${container} that holds ${readable}, got ${what}; convert it to 16-bit PCM`,
    'unsupported',
    `${container} (${what})`,
  );
}

/** A header that contradicts itself. */
export function damagedHeader(container: string, expected: string, got: string): AudioError {
  return new AudioError(
    `openAudio: expected ${expected} in the header of the ${container} file, got ${got}; the header is damaged, fetch the file again`,
    'damaged',
    container,
  );
}

/** A file that ends before its samples start. */
export function truncatedHeader(container: string, expected: string, got: string): AudioError {
  return new AudioError(
    `openAudio: expected ${expected} in the ${container} file, got ${got}; the file is truncated or damaged, fetch it again`,
    'truncated',
    container,
  );
}
