import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Spectrogram } from '@audio-ssl/audio-frontend';
import { writeAtomically } from '@audio-ssl/tensor-files/node';

import type { SoundNotice } from './sound-notice.js';

/** Raise it when the numbers of the front end or the layout of a file below change: older files are then left alone. */
const version = 2;

/** What decides which spectrogram comes out of a file. What is `undefined` leaves the key as it would be without it. */
export interface CacheKey {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly frontEnd: unknown;
  /** The channel that is taken, where it is not the mean of all. */
  readonly channel?: number | undefined;
  /** `keep` where damaged sounds are used. */
  readonly damaged?: 'keep' | undefined;
  /** Where the sound is cut: the length of a piece, and which one it is. */
  readonly cut?: { readonly segmentFrames: number; readonly piece: number } | undefined;
}

/** What is known of a whole sound, and kept where its log-mel is or would be. */
export interface SoundFacts {
  /** Samples of each channel. */
  readonly samples: number;
  /** Frames of its log-mel. */
  readonly frames: number;
  readonly notices: readonly Omit<SoundNotice, 'path'>[];
}

/** What stands at the beginning of a cache file. */
interface Header {
  readonly bins: number;
  readonly frames: number;
  /** Only in the file of a whole sound. */
  readonly sound?: SoundFacts | undefined;
}

const DIGEST = 32;
/** Bytes of the digest and of the length of the header. */
const PREFIX = DIGEST + 4;
/** Headers are shorter; one read takes them in. */
const LONGEST_HEADER = 4096 - PREFIX;

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** The file of a key; spread over 256 folders, so that none gets too long. */
export function cacheFile(folder: string, key: CacheKey): string {
  const name = createHash('sha256')
    .update(JSON.stringify([version, key]))
    .digest('hex');
  return join(folder, name.slice(0, 2), name.slice(2));
}

/**
 * Reads the beginning of a cache file: what it says of the whole sound, and whether values of the right length follow.
 * `undefined` when there is no such file, or when its beginning is damaged.
 */
export async function readFacts(
  file: string,
): Promise<{ readonly sound: SoundFacts | undefined; readonly complete: boolean } | undefined> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(PREFIX + LONGEST_HEADER), 0);
    const found = parseHeader(buffer.subarray(0, bytesRead));
    if (found === undefined) return undefined;
    const { size } = await handle.stat();
    return { sound: found.header.sound, complete: size === found.end + DIGEST + bytesOf(found.header) };
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/** The spectrogram in a cache file, or `undefined` when there is none or it is damaged in any way. */
export async function readCache(file: string): Promise<Spectrogram | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  const found = bytes && parseHeader(bytes);
  if (bytes === undefined || found === undefined) return undefined;
  const { header, end } = found;
  const values = bytes.subarray(end + DIGEST);
  if (values.length !== bytesOf(header)) return undefined;
  if (!digest(values).equals(bytes.subarray(end, end + DIGEST))) return undefined;
  const data = new Float32Array(
    bytes.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength) as ArrayBuffer,
  );
  return { data, bins: header.bins, frames: header.frames };
}

/**
 * Writes a cache file so that no other process ever reads half of it. Layout: SHA-256 of the header, its length in bytes
 * (uint32), the header (JSON); then, unless only `sound` is to be kept, the SHA-256 of the values and the values
 * (float32). Numbers are in this machine's byte order.
 */
export async function writeCache(
  file: string,
  { spectrogram, sound }: { readonly spectrogram?: Spectrogram; readonly sound?: SoundFacts },
): Promise<void> {
  const { bins = 0, frames = 0, data } = spectrogram ?? {};
  const header = Buffer.from(JSON.stringify({ bins, frames, sound } satisfies Header));
  if (header.length > LONGEST_HEADER)
    throw new Error(`expected a header of ${LONGEST_HEADER} bytes or fewer, got ${header.length}`); // none would read it
  const parts: Uint8Array[] = [digest(header), new Uint8Array(Uint32Array.of(header.length).buffer), header];
  if (data) {
    const values = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    parts.push(digest(values), values);
  }
  await mkdir(dirname(file), { recursive: true });
  // Not flushed: a file that a power cut damages does not match its checksum, and is computed again.
  await writeAtomically(file, parts, { flush: false });
}

const bytesOf = ({ bins, frames }: Header): number => 4 * bins * frames;

function parseHeader(bytes: Buffer): { readonly header: Header; readonly end: number } | undefined {
  if (bytes.length < PREFIX) return undefined;
  const [length] = new Uint32Array(Uint8Array.from(bytes.subarray(DIGEST, PREFIX)).buffer);
  const end = PREFIX + length!;
  if (length! > LONGEST_HEADER || end > bytes.length) return undefined;
  const text = bytes.subarray(PREFIX, end);
  if (!digest(text).equals(bytes.subarray(0, DIGEST))) return undefined;
  return { header: JSON.parse(text.toString('utf8')) as Header, end };
}
