import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAudio } from '@audio-ssl/audio-decoders';
import { toRf64, toW64, writeAiff, writeAu, writeCaf } from '../../../packages/audio-decoders/test/write-containers.js';
import { writeWav } from '../../../packages/audio-decoders/test/write-wav.js';

/** A healthy file that inputs are made of. */
export interface Seed {
  /** Container and coding. */
  readonly format: string;
  readonly bytes: Uint8Array;
}

/** Files of the decoder module's tests: one of each coding and container. */
const FIXTURES = new URL('../../../packages/audio-decoders/test/codec/', import.meta.url).pathname;

/** Longer files make few inputs of many. */
const LONGEST = 200_000;

/** Every seed: PCM containers made here, the files of the decoder module's tests, and those of further folders. */
export async function loadSeeds(folders: readonly string[] = []): Promise<Seed[]> {
  const files = [FIXTURES, ...folders].flatMap(filesIn).filter((bytes) => bytes.length <= LONGEST);
  const seeds: Seed[] = [];
  for (const bytes of [...pcmFiles(), ...files]) {
    const sound = await openAudio(bytes).catch(() => undefined); // some are there because they are damaged
    if (sound) seeds.push({ format: sound.format, bytes });
    sound?.close();
  }
  return seeds;
}

function filesIn(folder: string): Uint8Array[] {
  if (!existsSync(folder)) throw new Error(`fuzz: expected a folder of sound files, got none at ${folder}`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(ts|sh|py|json|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => new Uint8Array(readFileSync(path)));
}

function pcmFiles(): Uint8Array[] {
  const noise = Array.from({ length: 4096 }, (_, i) => (i * 40503 + (i >> 3) * 57) & 255);
  const bytes = Uint8Array.from(noise);
  const plain = writeWav(bytes, { channels: 2 });
  const adpcm = { bits: 4, channels: 2, blockAlign: 256 };
  return [
    plain,
    writeWav(bytes, { bits: 24, extensible: true, between: [{ id: 'LIST', length: 27 }] }),
    writeWav(Uint8Array.from(noise, (byte) => byte & 63), { tag: 3, bits: 32 }),
    writeWav(bytes, { tag: 6, bits: 8 }),
    writeWav(bytes, { ...adpcm, tag: 0x11, fact: 3900 }),
    writeWav(Uint8Array.from(noise, (byte) => byte % 7), { ...adpcm, tag: 2, fact: 3900 }),
    writeWav(bytes, { bigEndian: true }),
    toW64(plain),
    toRf64(plain, 'RF64'),
    writeAiff(noise, undefined, { channels: 2 }),
    writeAiff(noise, 'sowt', { channels: 2 }),
    writeAiff(noise.slice(0, 34 * 100), 'ima4', { channels: 2, frames: 50 }),
    writeAu(noise, 3, { channels: 2 }),
    writeAu(noise, 1),
    writeCaf(noise, { bits: 16, packet: 4 }, { channels: 2 }),
    writeCaf(noise.slice(0, 34 * 100), { kind: 'ima4', packet: 34, framesPerPacket: 64, bits: 0, validFrames: 6390 }),
  ]; // prettier-ignore
}
