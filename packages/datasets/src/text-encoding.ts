/** What {@link textEncoding} finds. */
export type TextEncoding =
  | { readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' }
  /** UTF-16 without its mark, or no UTF-8 from a line on, counted from 1: Latin-1 perhaps. */
  | { readonly encoding: undefined; readonly problem: 'unmarked UTF-16' | { readonly line: number } };

/**
 * Which encoding the bytes of a text are in: UTF-16 where its mark says so, else UTF-8, if they are.
 *
 * @example
 * textEncoding(await readFile('meta.csv')); // { encoding: 'utf-8' }
 */
export function textEncoding(bytes: Uint8Array): TextEncoding {
  const marked = markedUtf16(bytes);
  if (marked) return { encoding: marked };
  // Text of European languages has a zero in every other byte of UTF-16.
  const head = bytes.subarray(0, 4096);
  const zeros = [0, 1].map((odd) => head.filter((byte, i) => i % 2 === odd && byte === 0).length);
  if (head.length > 3 && zeros.some((count) => 10 * count > 8 * Math.floor(head.length / 2)))
    return { encoding: undefined, problem: 'unmarked UTF-16' };
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const again = Buffer.from(given.toString('utf8'));
  if (again.equals(given)) return { encoding: 'utf-8' };
  let at = 0; // the first byte that is not what its letter would be in UTF-8
  while (given[at] === again[at]) at++;
  const line = given.toString('latin1', 0, at).split(/\r\n|\r|\n/).length;
  return { encoding: undefined, problem: { line } };
}

/** UTF-16 as the mark at the beginning says, if there is one. */
export function markedUtf16([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}
