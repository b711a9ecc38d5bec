import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Spectrogram } from '@audio-ssl/audio-frontend';
import { writeAtomically } from '@audio-ssl/tensor-files/node';

/** Raise it when the numbers of the front end or the layout of a file below change: older files are then left alone. */
const version = 1;

/** What decides which spectrogram comes out of a file. */
export interface CacheKey {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly frontEnd: unknown;
}

const digestBytes = 32;
const headerBytes = digestBytes + 8;

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** The file of a key; spread over 256 folders, so that none gets too long. */
export function cacheFile(folder: string, key: CacheKey): string {
  const name = createHash('sha256')
    .update(JSON.stringify([version, key]))
    .digest('hex');
  return join(folder, name.slice(0, 2), name.slice(2));
}

/**
 * The spectrogram in a cache file, or `undefined` when there is none or it is damaged in any way.
 * Layout: SHA-256 of all that follows, bins and frames (uint32), the values (float32), in this machine's byte order.
 */
export async function readCache(file: string): Promise<Spectrogram | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined || bytes.length < headerBytes) return undefined;
  if (!digest(bytes.subarray(digestBytes)).equals(bytes.subarray(0, digestBytes))) return undefined;
  const [bins, frames] = new Uint32Array(
    bytes.buffer.slice(bytes.byteOffset + digestBytes, bytes.byteOffset + headerBytes),
  );
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + headerBytes, bytes.byteOffset + bytes.length));
  return { data, bins: bins!, frames: frames! };
}

/** Writes a spectrogram so that no other process ever reads half of it. */
export async function writeCache(file: string, { data, bins, frames }: Spectrogram): Promise<void> {
  const body = Buffer.concat([
    new Uint8Array(Uint32Array.of(bins, frames).buffer),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
  await mkdir(dirname(file), { recursive: true });
  // Not flushed: a file that a power cut damages does not match its checksum, and is computed again.
  await writeAtomically(file, Buffer.concat([digest(body), body]), { flush: false });
}
