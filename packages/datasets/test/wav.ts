import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A mono 16-bit WAV file's bytes. */
export function wav(samples: ArrayLike<number>, sampleRate = 16_000): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE((2 * sampleRate) % 2 ** 32, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (let i = 0; i < samples.length; i++) bytes.writeInt16LE(Math.round(32767 * samples[i]!), 44 + 2 * i);
  return bytes;
}

/** A mono 32-bit float WAV file's bytes: the kind that can hold NaN. */
export function floatWav(samples: Float32Array, sampleRate = 16_000): Uint8Array {
  const header = Buffer.from(wav(new Float32Array(0), sampleRate));
  header.writeUInt32LE(36 + 4 * samples.length, 4);
  header.writeUInt16LE(3, 20); // IEEE float
  header.writeUInt32LE(4 * sampleRate, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(32, 34);
  header.writeUInt32LE(4 * samples.length, 40);
  return Buffer.concat([header, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

/** A sine of half amplitude. */
export const sine = (hertz: number, seconds: number, sampleRate = 16_000): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / sampleRate),
  );

/** Writes a file and the folders above it. */
export async function put(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
