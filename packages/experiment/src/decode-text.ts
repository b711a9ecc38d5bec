import { markedUtf16, textEncoding } from '@audio-ssl/datasets';
import { InputError } from './input-error.js';

/**
 * Text from bytes in UTF-8 or, with a byte order mark, UTF-16; the mark is left out.
 *
 * @param what names the text in errors: a path, `standard input`
 * @throws InputError naming the encoding, where it is another one
 * @example
 * const text = decodeText(await readFile('paths.txt'), 'paths.txt');
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  const found = textEncoding(bytes);
  if (found.encoding === undefined) {
    const is =
      found.problem === 'unmarked UTF-16'
        ? 'is UTF-16 without a byte order mark'
        : `is not UTF-8 (line ${found.problem.line}; perhaps Latin-1)`;
    throw new InputError(`${what} ${is}; write it in UTF-8`);
  }
  if (found.encoding !== 'utf-8' && bytes.length % 2 === 1)
    throw new InputError(`${what} is UTF-16 of an odd number of bytes; it is cut off`);
  try {
    return new TextDecoder(found.encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${what} is not whole UTF-16, as its first two bytes say; write it in UTF-8`);
  }
}

/** Whether bytes, which may be the beginning of more, are text: UTF-8 or marked UTF-16 without control characters. */
export function looksLikeText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder(markedUtf16(bytes) ?? 'utf-8', { fatal: true }).decode(bytes, { stream: true });
    return !/[^\P{Cc}\0\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}
