import { readFile } from 'node:fs/promises';

/** A text file in UTF-8, without a byte order mark. `problem` says what else it is, and where; then there is no text. */
export type ReadText = { readonly text: string } | { readonly problem: string };

/**
 * Reads a text file and refuses encodings that would give other letters.
 *
 * @throws the error of the system when it cannot be read
 */
export async function readText(path: string): Promise<ReadText> {
  const bytes = await readFile(path);
  const start = bytes.subarray(0, 2).toString('hex');
  const utf16 = start === 'fffe' || start === 'feff' || (bytes.length > 1 && (bytes[0] === 0 || bytes[1] === 0));
  if (utf16) return { problem: 'is UTF-16; expected UTF-8: save it as "UTF-8" (or "CSV UTF-8" in a spreadsheet)' };
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return { text: text.replace(/^\ufeff/, '') };
  // the first byte that is not what its letter would be in UTF-8
  const again = Buffer.from(text);
  let at = 0;
  while (bytes[at] === again[at]) at++;
  const line = bytes
    .subarray(0, at)
    .toString('latin1')
    .split(/\r\n|\r|\n/).length;
  return {
    problem: `is not UTF-8, from line ${line} on (Latin-1 perhaps); expected UTF-8: save it as "UTF-8" (or "CSV UTF-8" in a spreadsheet)`,
  };
}
