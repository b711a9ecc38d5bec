import { describe, expect, it } from 'vitest';
import { decodeAudio } from '../src/index.js';

const text = (value: string): Uint8Array => Uint8Array.from(value.padEnd(64, '\0'), (letter) => letter.charCodeAt(0));

describe('decodeAudio', () => {
  it('refuses an empty file', async () => {
    await expect(decodeAudio(new Uint8Array(0))).rejects.toThrow('got 0 bytes; the file is empty');
  });

  it.each([
    ['OggS', 'Ogg'],
    ['ID3\x04\0\0\0\0\0\0', 'MP3'],
    ['\xff\xfb\x90\x64', 'MP3'],
    ['\xff\xf1\x50\x80', 'AAC'],
    ['\0\0\0\x20ftypM4A ', 'M4A'],
    ['FORM\0\0\0\0AIFF', 'AIFF'],
    ['RF64\xff\xff\xff\xffWAVE', 'RF64'],
    ['RIFF\0\0\0\0AVI ', 'a RIFF file that is not WAV'],
    ['version https://git-lfs.github.com/spec/v1', 'git lfs pull'],
    ['<!DOCTYPE html>', 'HTML'],
    ['\x01\x02\x03\x04', 'an unknown format (first bytes 01 02 03 04)'],
    ['RI', 'an unknown format (first bytes 52 49 00 00)'],
  ])('names what %j looks like', async (start, name) => {
    await expect(decodeAudio(text(start))).rejects.toThrow(`expected a WAV or FLAC file, got `);
    await expect(decodeAudio(text(start))).rejects.toThrow(name);
  });

  it('says the same of files shorter than any signature', async () => {
    await expect(decodeAudio(Uint8Array.of(0x52))).rejects.toThrow('an unknown format (first bytes 52)');
    await expect(decodeAudio(text('ID3').subarray(0, 3))).rejects.toThrow('unknown format');
  });
});
