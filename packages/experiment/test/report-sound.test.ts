import { decodeAudio } from '@audio-ssl/audio-frontend';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import wavefile from 'wavefile';
import { reportSound } from '../src/report-sound.js';
import { stereo, wav } from './tiny-sounds.js';

/** Samples of a channel that were asked for. */
let asked = 0;
vi.mock(import('@audio-ssl/audio-decoders/node'), async (original) => {
  const { openAudioFile } = await original();
  return {
    openAudioFile: async (...options) => {
      const file = await openAudioFile(...options);
      const read = file.read.bind(file);
      vi.spyOn(file, 'read').mockImplementation((start, count) => {
        asked += count;
        return read(start, count);
      });
      return file;
    },
  };
});

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

  it('gives the channel that is asked for of a small file, too', async () => {
    const [path, mono] = [join(folder, 'stereo.wav'), join(folder, 'mono.wav')];
    await writeFile(path, stereo([1, 0], 8000)); // a second of 64 kB
    const { audio } = await reportSound(path, 'stereo', { channel: 1 });
    const { channels } = await decodeAudio(bytesOf(audio!));
    expect(channels.map((channel) => [channel.length, channel.some((value) => value !== 0)])).toEqual([
      [16_000, false],
    ]);
    await writeFile(mono, wav(1000)); // which has no other
    const whole = await reportSound(mono, 'mono', { channel: 0 });
    expect(new Uint8Array(bytesOf(whole.audio!))).toEqual(new Uint8Array(wav(1000)));
  });

  it('reads the beginning of a long file alone', async () => {
    const path = join(folder, 'hour.wav');
    const second = wav(16_000); // 32-bit float, mono
    const header = Buffer.from(second.slice(0, second.length - 4 * 16_000));
    header.writeUInt32LE(3600 * 64_000, header.length - 4);
    await writeFile(path, header);
    await truncate(path, header.length + 3600 * 64_000); // an hour of silence, of which nothing is on the disk
    asked = 0;
    const { audio } = await reportSound(path, 'hour');
    expect(asked).toBeLessThan(6 * 16_000); // five seconds and a margin, of 57.6 million
    expect((await decodeAudio(bytesOf(audio!))).channels[0]!.length).toBe(80_000);
  });

  it('gives a name without sound for what cannot be read any more', async () => {
    expect(await reportSound(join(folder, 'gone.wav'), 'gone', { label: 'x' })).toEqual({ id: 'gone', label: 'x' });
  });
});
