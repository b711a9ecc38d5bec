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
  const utf16 = utf16Of(bytes);
  if (utf16 !== undefined) {
    if (bytes.length % 2 === 1) throw new InputError(`${what} is UTF-16 of an odd number of bytes; it is cut off`);
    return decode(bytes, utf16, `${what} is not whole UTF-16, as its first two bytes say; write it in UTF-8`);
  }
  // Text of European languages without a mark has a zero in every other byte.
  const head = bytes.subarray(0, 4096);
  const zeros = [0, 1].map((odd) => head.filter((byte, i) => i % 2 === odd && byte === 0).length);
  if (head.length > 3 && zeros.some((count) => 10 * count > 8 * Math.floor(head.length / 2)))
    throw new InputError(`${what} is UTF-16 without a byte order mark; write it in UTF-8`);
  return decode(bytes, 'utf-8', `${what} is not UTF-8 (${firstOdd(bytes)}); write it in UTF-8`);
}

/** Whether bytes, which may be the beginning of more, are text: UTF-8 or marked UTF-16 without control characters. */
export function looksLikeText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder(utf16Of(bytes) ?? 'utf-8', { fatal: true }).decode(bytes, { stream: true });
    return !/[^\P{Cc}\0\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}

function utf16Of([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

function decode(bytes: Uint8Array, encoding: string, refusal: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(refusal);
  }
}

/** Where bytes stop being UTF-8, and what they may be. */
function firstOdd(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length;
    try {
      decoder.decode(bytes.subarray(at, end));
    } catch {
      return `line ${line}; perhaps Latin-1`;
    }
    at = end;
    line++;
  }
  return 'perhaps Latin-1';
}
