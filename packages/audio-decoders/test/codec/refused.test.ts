import { describe, expect, it } from 'vitest';
import { AudioError } from '../../src/audio-error.js';
import { decode, fixture } from './open-fixture.js';

async function refusal(bytes: Uint8Array): Promise<AudioError> {
  const error: unknown = await decode(bytes).then(
    () => new Error('accepted'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AudioError);
  return error as AudioError;
}

/** A fixture with one text replaced by another of the same length, wherever it stands behind `after`. */
function replaced(name: string, from: string, to: string, after = 0): Uint8Array {
  const bytes = fixture(name);
  const at = Buffer.from(bytes).indexOf(from, after, 'latin1');
  expect(at).toBeGreaterThan(0);
  bytes.set(Buffer.from(to, 'latin1'), at);
  return bytes;
}

/** aac.m4a with another AudioSpecificConfig of two to five bytes; it has room for five. */
function withConfig(config: readonly number[]): Uint8Array {
  const bytes = fixture('aac.m4a');
  const esds = Buffer.from(bytes).indexOf('esds');
  let at = esds;
  while (bytes[at] !== 5 || bytes[at + 1] !== 0x80) at++;
  bytes.set(config, at + 5);
  return bytes;
}

describe('what is not read here is refused by its name', () => {
  it.each([
    ['HE-AAC announced by its object type', withConfig([0x2b, 0x92, 0x08, 0, 0]), 'MP4 (HE-AAC)'],
    ['HE-AAC announced behind the configuration', withConfig([0x13, 0x90, 0x56, 0xe5, 0xa0]), 'MP4 (HE-AAC)'],
    ['HE-AAC v2', withConfig([0xeb, 0x8a, 0x08, 0, 0]), 'MP4 (HE-AAC v2)'],
    ['xHE-AAC', withConfig([0xf9, 0x46, 0x40, 0, 0]), 'MP4 (xHE-AAC)'],
    ['AAC Main', withConfig([0x0a, 0x08, 0, 0, 0]), 'MP4 (AAC Main)'],
    ['encrypted sound', replaced('aac.m4a', 'mp4a', 'enca'), 'MP4 (encrypted sound)'],
    ['encrypted sound of iTunes', replaced('aac.m4a', 'mp4a', 'drms'), 'MP4 (encrypted sound)'],
    ['AC-3', replaced('aac.m4a', 'mp4a', 'ac-3'), 'MP4 (AC-3)'],
    ['video without sound', replaced('aac.m4a', 'soun', 'vide'), 'MP4 (video without sound)'],
    ['six channels of AAC', fixture('six.m4a'), 'MP4 (AAC with 6 channels)'],
    ['AC-3 in Matroska', replaced('mp3.mka', 'A_MPEG/L3', 'A_AC3\0\0\0\0'), 'Matroska (AC-3)'],
    ['PCM in CAF', replaced('alac.caf', 'alac', 'lpcm'), 'CAF (PCM)'],
  ])('%s', async (_, bytes, format) => {
    const error = await refusal(bytes);
    expect([error.problem, error.format]).toEqual(['unsupported', format]);
    expect(error.message).toContain(format);
  });

  it('HE-AAC that no header announces, by the elements in its packets', async () => {
    const bytes = fixture('aac.aac');
    const frames: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
      frames.push(...withBandReplication(bytes.subarray(at, at + size)));
      at += size;
    }
    const error = await refusal(Uint8Array.from(frames));
    expect([error.problem, error.format]).toEqual(['unsupported', 'ADTS (HE-AAC)']);
  });

  it.each([
    ['nothing that is known', Uint8Array.from({ length: 20_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255)],
    ['a web page', new TextEncoder().encode('<!doctype html><title>Not found</title>'.repeat(50))],
    ['zeros', new Uint8Array(5000)],
    ['all bits set', new Uint8Array(5000).fill(255)],
  ])('%s is not audio', async (_, bytes) => {
    expect((await refusal(bytes)).problem).toBe('not audio');
  });
});

/** A frame of ADTS with an element of spectral band replication in front of its end. */
function withBandReplication(frame: Uint8Array): Uint8Array {
  const bits = [...frame.subarray(7)].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
  while (bits.at(-1) === 0) bits.pop();
  bits.length -= 3; // the element that ends it
  // A fill element (6) of two bytes, of which the first four bits say what it is (13), and the end (7).
  bits.push(1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1, ...new Array<number>(12).fill(0), 1, 1, 1);
  while (bits.length % 8 !== 0) bits.push(0);
  const result = new Uint8Array(7 + bits.length / 8);
  result.set(frame.subarray(0, 7));
  bits.forEach((bit, i) => (result[7 + (i >> 3)]! |= bit << (7 - (i & 7))));
  result[3] = (result[3]! & 0xfc) | (result.length >> 11);
  result[4] = (result.length >> 3) & 255;
  result[5] = (result[5]! & 0x1f) | ((result.length & 7) << 5);
  return result;
}
