import { decodeAudio } from '@audio-ssl/audio-frontend';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { reportSound } from '../src/report-sound.js';
import { wav } from './tiny-sounds.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-sound-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytesOf = (uri: string): Buffer => Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64');

describe('reportSound', () => {
  it('keeps a small file as it is', async () => {
    const path = join(folder, 'small.wav');
    await writeFile(path, wav(1000));
    const { id, label, audio } = await reportSound(path, 'small', { label: 'noise' });
    expect([id, label]).toEqual(['small', 'noise']);
    expect(audio).toMatch(/^data:audio\/wav;base64,/);
    expect(new Uint8Array(bytesOf(audio!))).toEqual(new Uint8Array(wav(1000)));
  });

  it('makes five seconds in mono at 16 kHz of a large one', async () => {
    const path = join(folder, 'large.wav');
    await writeFile(path, wav(6 * 44_100, 44_100));
    const sound = await reportSound(path, 'large');
    expect(sound).not.toHaveProperty('label');
    const { sampleRate, channels } = await decodeAudio(bytesOf(sound.audio!));
    expect([sampleRate, channels.length, channels[0]!.length]).toEqual([16_000, 1, 80_000]);
  });

  it('makes WAV of what not every browser plays, of the channel that is asked for, by content', async () => {
    const path = join(folder, 'small.flac'); // by its name
    const file = new wavefile.WaveFile();
    file.fromScratch(2, 16_000, '64', [new Float64Array(800).fill(0.5), new Float64Array(800).fill(-0.25)]);
    await writeFile(path, file.toBuffer());
    for (const [channel, value] of [
      ['mean', 0.125],
      [1, -0.25],
    ] as const) {
      const { audio } = await reportSound(path, 'small', { channel });
      expect(audio).toMatch(/^data:audio\/wav;/);
      const { channels } = await decodeAudio(bytesOf(audio!));
      expect([channels.length, channels[0]!.length]).toEqual([1, 800]);
      expect(channels[0]![400]).toBeCloseTo(value, 4); // 16 bit
    }
  });

  it('reads the beginning of a long file alone', async () => {
    const path = join(folder, 'hour.wav');
    const second = wav(16_000); // 32-bit float, mono
    const header = Buffer.from(second.slice(0, second.length - 4 * 16_000));
    header.writeUInt32LE(3600 * 64_000, header.length - 4);
    await writeFile(path, header);
    await truncate(path, header.length + 3600 * 64_000); // an hour of silence, of which nothing is on the disk
    const began = performance.now();
    const { audio } = await reportSound(path, 'hour');
    expect(performance.now() - began).toBeLessThan(1000); // 230 MB take longer to read and resample
    expect((await decodeAudio(bytesOf(audio!))).channels[0]!.length).toBe(80_000);
  });

  it('gives a name without sound for what cannot be read any more', async () => {
    expect(await reportSound(join(folder, 'gone.wav'), 'gone', { label: 'x' })).toEqual({ id: 'gone', label: 'x' });
  });
});
