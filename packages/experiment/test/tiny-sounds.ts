import { randomStream } from '@audio-ssl/params';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import wavefile from 'wavefile';

/** Noise as a WAV file. */
export function wav(samples: number, rate = 16_000): Uint8Array {
  return wavOf(Float32Array.from({ length: samples }, randomStream(samples)), rate);
}

/** Samples as a WAV file of 32-bit floats. */
export function wavOf(samples: Float32Array, rate = 16_000): Uint8Array {
  const header = Buffer.alloc(44);
  header.write('RIFF....WAVEfmt ....................data', 'latin1');
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(3, 20); // floats
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(4 * rate, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(32, 34);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

/** A second of a tone as a WAV file with two channels, each times a factor. */
export function stereo(factors: readonly [number, number], rate = 16_000): Uint8Array {
  const tone = Float64Array.from({ length: rate }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate));
  const file = new wavefile.WaveFile();
  file.fromScratch(
    2,
    rate,
    '32f',
    factors.map((factor) => tone.map((value) => factor * value)),
  );
  return file.toBuffer();
}

/** Writes a folder of ten sounds, one of them of another rate, a broken one and a text. */
export async function tinySounds(folder: string): Promise<string> {
  const sounds = join(folder, 'sounds');
  await mkdir(join(sounds, 'below'), { recursive: true });
  for (const [i, samples] of [16_000, 16_000, 5000, 120_000, 16_000, 400, 16_000, 9000, 16_000, 30_000].entries())
    await writeFile(join(sounds, i % 2 ? 'below' : '.', `${i}.wav`), wav(samples, i === 4 ? 22_050 : 16_000));
  await writeFile(join(sounds, 'broken.wav'), 'no sound');
  await writeFile(join(sounds, 'notes.txt'), 'not a sound');
  return sounds;
}
