import { basename } from 'node:path';

/**
 * How far work on a sound has come, in words.
 *
 * @param read seconds
 * @param total its length in seconds; 0 where that is not known
 * @example
 * howFar('recordings/long.mp3', 1214, 10_800); // 'long.mp3 0:20:14 of 3:00:00'
 */
export function howFar(path: string, read: number, total = 0): string {
  return `${basename(path)} ${clock(read)}${total > 0 ? ` of ${clock(total)}` : ''}`;
}

function clock(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
