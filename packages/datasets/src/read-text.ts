import { readFile } from 'node:fs/promises';

import { textEncoding } from './text-encoding.js';

/** A text file in UTF-8, without a byte order mark. `problem` says what else it is, and where; then there is no text. */
export type ReadText = { readonly text: string } | { readonly problem: string };

/**
 * Reads a text file and refuses encodings that would give other letters.
 *
 * @throws the error of the system when it cannot be read
 */
export async function readText(path: string): Promise<ReadText> {
  const bytes = await readFile(path);
  const found = textEncoding(bytes);
  if (found.encoding === 'utf-8') return { text: bytes.toString('utf8').replace(/^\ufeff/, '') };
  const next = 'expected UTF-8: save it as "UTF-8" (or "CSV UTF-8" in a spreadsheet)';
  const latin = found.encoding === undefined && typeof found.problem === 'object' ? found.problem : undefined;
  return {
    problem: latin ? `is not UTF-8, from line ${latin.line} on (Latin-1 perhaps); ${next}` : `is UTF-16; ${next}`,
  };
}
