import { decodeAudio } from '@audio-ssl/audio-frontend';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    const { id, label, audio } = await reportSound(path, 'small', 'noise');
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
});
