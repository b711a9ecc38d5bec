import { readFileSync } from 'node:fs';
import type { AudioFile, ByteReader, OpenAudioOptions } from '../../src/audio-file.js';
import { openCoded } from '../../src/codec/open-coded.js';

/** A fixture's bytes; see make-fixtures.sh. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
}

/** A reader over bytes, which counts what is read. */
export function memory(bytes: Uint8Array): ByteReader & { read: ByteReader['read']; total: number } {
  return {
    size: bytes.length,
    total: 0,
    read(position, target) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      this.total += part.length;
      return part.length;
    },
  };
}

/** Opens bytes. */
export function open(bytes: Uint8Array, options?: OpenAudioOptions): Promise<AudioFile> {
  return openCoded(memory(bytes), options);
}

/** Opens bytes, reads all and closes. */
export async function decode(
  bytes: Uint8Array,
  options?: OpenAudioOptions,
): Promise<{
  readonly channels: Float32Array[];
  readonly frames: number | undefined;
  readonly damage: string | undefined;
}> {
  const file = await open(bytes, options);
  try {
    const channels = await file.read(0, 1e9);
    return { channels, frames: file.frames, damage: file.damage };
  } finally {
    file.close();
  }
}

/** Largest difference of two lists of samples. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= most)) most = difference;
  }
  return most;
}
