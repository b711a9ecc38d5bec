import { randomStream } from '@audio-ssl/params';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import wavefile from 'wavefile';

/** Noise as a WAV file. */
export function wav(samples: number, rate = 16_000): Uint8Array {
  const file = new wavefile.WaveFile();
  file.fromScratch(1, rate, '32f', Float32Array.from({ length: samples }, randomStream(samples)));
  return file.toBuffer();
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
