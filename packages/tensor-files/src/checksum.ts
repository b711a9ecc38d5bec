import { createHash } from 'node:crypto';
import type { ByteSource } from './byte-source.js';
import { CHECKSUM_KEY } from './checksum-key.js';

const BLANK = '0'.repeat(64); // a SHA-256 in hexadecimal digits
const START = `{"__metadata__":{"${CHECKSUM_KEY}":"`;
const AT = 8 + START.length; // behind the length of the header
const CHUNK = 2 ** 24;
// Of the letters of START, which any file with metadata shares in part: with one so near, ours was damaged.
const NEAR = START.length - 10;

/**
 * Metadata that keeps a place in a safetensors file for its checksum. It must come first.
 *
 * @example
 * const bytes = sealSafetensors(writeSafetensors(tensors, { ...checksumPlace, step: '100' }));
 */
export const checksumPlace: Readonly<Record<string, string>> = { [CHECKSUM_KEY]: BLANK };

/**
 * Writes the checksum of a safetensors file into the place that {@link checksumPlace} has kept: the SHA-256 of all its bytes,
 * those of header and data, with zeros in that place. Any program reads the file as before.
 *
 * @returns the same bytes, changed in place
 * @throws Error for a file without that place.
 */
export function sealSafetensors(bytes: Uint8Array): Uint8Array {
  const place = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(8, AT + BLANK.length);
  if (place.toString('latin1') !== START + BLANK)
    throw new Error('sealSafetensors: expected metadata that begins with `checksumPlace`; write the file with it');
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).write(
    createHash('sha256').update(bytes).digest('hex'),
    AT,
    'latin1',
  );
  return bytes;
}

/**
 * Compares the bytes of a file with the checksum that {@link sealSafetensors} wrote into it.
 *
 * @returns false for a file without one, as of other programs
 * @throws Error naming the file when a bit of it has changed.
 * @example
 * const source = await openFile('weights.safetensors');
 * if (!(await verifyChecksum(source))) console.log('carries no checksum');
 */
export async function verifyChecksum({ name, size, read }: ByteSource): Promise<boolean> {
  const fail = (why: string): never => {
    throw new Error(`verifyChecksum: ${name}: ${why}; the file is damaged`);
  };
  if (size < AT + BLANK.length) return false;
  const start = Buffer.from(await read(0, AT + BLANK.length)).toString('latin1');
  const same = Array.from(START).filter((letter, i) => start[8 + i] === letter).length;
  if (same < NEAR) return false;
  if (same < START.length) return fail('the place of its checksum has changed');
  const hash = createHash('sha256').update(start.slice(0, AT) + BLANK, 'latin1');
  for (let at = AT + BLANK.length; at < size; at += CHUNK) hash.update(await read(at, Math.min(CHUNK, size - at)));
  return hash.digest('hex') === start.slice(AT) || fail('its bytes do not have the checksum that it carries');
}
