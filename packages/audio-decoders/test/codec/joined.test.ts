import { describe, expect, it } from 'vitest';
import { AudioError } from '../../src/audio-error.js';
import { decode, distance, fixture, memory, open } from './open-fixture.js';
import { openCoded } from '../../src/codec/open-coded.js';
import { flacFile, flacFrame } from './write-flac.js';

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** The samples of sounds one behind the other. */
async function inTurn(...parts: readonly Uint8Array[]): Promise<Float32Array[]> {
  const sounds = await Promise.all(parts.map((part) => decode(part)));
  return sounds[0]!.channels.map((_, c) => {
    const whole = new Float32Array(sounds.reduce((sum, { channels }) => sum + channels[c]!.length, 0));
    let at = 0;
    for (const { channels } of sounds) {
      whole.set(channels[c]!, at);
      at += channels[c]!.length;
    }
    return whole;
  });
}

/** Samples of a frame. */
const LENGTH = 65_535;

/** Mono FLAC at 44.1 kHz, each frame of one sample over and over. */
function steps(count: number, first: number): Uint8Array {
  return flacFile(LENGTH * count, Array.from({ length: count }, (_, i) => flacFrame(i, LENGTH, first + i)).flat());
}

const none = new Uint8Array(0);
const zeros = new Uint8Array(3000);

/** A tag ID3v2 of 50 bytes. */
const tag = Uint8Array.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 40, ...new Array<number>(40).fill(7)]);

describe('files joined end to end are one sound, each part as if it were alone', () => {
  const [stereo, unknown] = [fixture('stereo.flac'), fixture('unknown-length.flac')];
  const parts: readonly (readonly [name: string, parts: readonly Uint8Array[], between: Uint8Array])[] = [
    ['FLAC of equal counts', [stereo, stereo], none],
    ['FLAC, the longer one first', [steps(9, 100), steps(3, 900)], none],
    ['FLAC, the shorter one first', [steps(3, 100), steps(9, 900)], none],
    ['three of FLAC', [steps(3, 100), steps(9, 900), steps(2, 4000)], none],
    ['FLAC of unknown length and of known', [unknown, stereo, unknown], none],
    ['FLAC with zeros between', [stereo, stereo], zeros],
    ['FLAC with a tag between', [stereo, stereo], tag],
    ['Vorbis and FLAC in Ogg', [fixture('vorbis.ogg'), fixture('flac.oga')], none],
    ['Ogg of one serial number', [fixture('vorbis.ogg'), fixture('vorbis.ogg'), fixture('vorbis.ogg')], none],
    ['FLAC in Ogg of one serial number', [fixture('flac.oga'), fixture('flac.oga')], none],
  ];

  it.each(parts)('%s', async (_, sounds, between) => {
    const bytes = joined(...sounds.flatMap((sound, i) => (i === 0 ? [sound] : [between, sound])));
    const expected = await inTurn(...sounds);
    const { channels, frames, damage } = await decode(bytes);
    expect([frames, damage]).toEqual([expected[0]!.length, undefined]);
    expect(channels.map((samples, c) => distance(samples, expected[c]!))).toEqual(channels.map(() => 0));
    for (const share of [0.9, 0.49, 0.51, 0.1]) {
      const at = Math.floor(share * frames!);
      const file = await open(bytes);
      expect(distance((await file.read(at, 3000))[0]!, expected[0]!.subarray(at, at + 3000))).toBe(0);
      file.close();
    }
  });

  it.each([
    ['equal', [40_000, 40_000]],
    ['a short one behind a long one', [40_000, 2000]],
    ['a short one before a long one', [2000, 40_000]],
    ['a very short one behind', [40_000, 1]],
  ])('FLAC that is too large to be searched whole: %s', async (_, counts) => {
    const sounds = counts.map((count, i) => steps(count, i * 1000));
    const bytes = joined(...sounds);
    const reader = memory(bytes);
    const file = await openCoded(reader);
    expect(file.frames).toBe(LENGTH * (counts[0]! + counts[1]!));
    expect((await file.read(LENGTH * counts[0]!, 1))[0]).toEqual(Float32Array.of(1000 / 2 ** 15));
    file.close();
  });

  it('looks for further streams at a few places of a large file', async () => {
    const reader = memory(steps(120_000, 0));
    const file = await openCoded(reader);
    expect(file.frames).toBe(120_000 * LENGTH);
    expect(reader.size).toBeGreaterThan(1.8e6);
    expect(reader.total).toBeLessThan(1e6);
    file.close();
  });
});

describe('streams that do not make one sound', () => {
  const [vorbis, opus, mono] = [fixture('vorbis.ogg'), fixture('opus.opus'), fixture('vorbis-mono.ogg')];
  it.each([
    ['Ogg (Vorbis), then Opus', [vorbis, opus], 'Ogg (Vorbis, then Opus)', '2 channels at 48000 Hz'],
    ['of other channels and rate', [vorbis, mono], 'Ogg (Vorbis, then Vorbis)', '1 channel at 44100 Hz'],
    ['the third', [vorbis, vorbis, opus], 'Ogg (Vorbis, then Opus)', '2 channels at 48000 Hz'],
    ['FLAC', [fixture('stereo.flac'), fixture('wide24.flac')], 'FLAC, then FLAC', '2 channels at 44100 Hz'],
    ['FLAC of fewer channels', [fixture('wide24.flac'), steps(3, 0)], 'FLAC, then FLAC', '1 channel at 44100 Hz'],
  ])('%s: refused by name, or read up to there', async (_, parts, format, what) => {
    const place = parts.slice(0, -1).reduce((sum, { length }) => sum + length, 0);
    const error = (await decode(joined(...parts)).catch((thrown: unknown) => thrown)) as AudioError;
    expect(error).toBeInstanceOf(AudioError);
    expect([error.problem, error.format]).toEqual(['unsupported', format]);
    for (const words of [`byte ${place}`, what, 'split the file there']) expect(error.message).toContain(words);
    const kept = await decode(joined(...parts), { damaged: 'keep' });
    expect(distance(kept.channels[0]!, (await inTurn(...parts.slice(0, -1)))[0]!)).toBe(0);
    expect(kept.damage).toContain(`at byte ${place}`);
  });

  it('a stream in a coding that is not read', async () => {
    const speex = Uint8Array.from(opus);
    const bytes = joined(vorbis, withPage(speex, 'Speex   '));
    await expect(decode(bytes)).rejects.toMatchObject({ format: 'Ogg (Vorbis, then Speex)' });
    expect((await decode(bytes, { damaged: 'keep' })).channels).toEqual(await inTurn(vorbis));
  });
});

/** Ogg whose first packet begins with other letters, with the checksum of its page. */
function withPage(bytes: Uint8Array, letters: string): Uint8Array {
  const size = 27 + bytes[26]! + bytes.subarray(27, 27 + bytes[26]!).reduce((sum, length) => sum + length, 0);
  bytes.set(Buffer.from(letters), 27 + bytes[26]!);
  bytes.fill(0, 22, 26);
  let crc = 0;
  for (const byte of bytes.subarray(0, size)) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(22, crc >>> 0, true);
  return bytes;
}
