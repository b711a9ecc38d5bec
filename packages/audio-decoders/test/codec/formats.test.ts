import { describe, expect, it } from 'vitest';
import { decode, distance, fixture, memory, open } from './open-fixture.js';
import { openCoded } from '../../src/codec/open-coded.js';
import { signal, widen } from './signal.js';

/** What each fixture is. `frames` where it follows from its header by arithmetic; lossless ones are compared with the formula. */
const LOSSY: readonly (readonly [name: string, format: string, channels: number, frames: number, tolerance: number])[] =
  [
    // The issue's tolerances: float32 of other programs differs by some units of its last place, Opus by libopus' own bound.
    ['lame.mp3', 'MP3', 1, 22_050, 1e-5],
    ['vbr.mp3', 'MP3', 1, 22_050, 1e-5],
    ['crc.mp3', 'MP3', 1, 22_050, 1e-5],
    ['noinfo.mp3', 'MP3', 2, 10_368, 1e-5], // nothing to cut by: 18 whole frames
    ['layer2.mp2', 'MPEG audio layer 2', 1, 24_192, 1e-5],
    ['mp3.mka', 'Matroska (MP3)', 1, 23_155, 1e-5],
    ['mp3.mp4', 'MP4 (MP3)', 1, 23_087, 1e-5],
    ['vorbis.ogg', 'Ogg (Vorbis)', 2, 40_000, 1e-6],
    ['six.ogg', 'Ogg (Vorbis)', 6, 4800, 1e-6],
    ['eight.ogg', 'Ogg (Vorbis)', 8, 3000, 1e-6],
    ['vorbis.webm', 'WebM (Vorbis)', 2, 9216, 1e-6],
    ['opus.opus', 'Ogg (Opus)', 2, 27_000, 1e-4],
    ['opus-more.opus', 'Ogg (Opus)', 2, 27_000, 1e-4],
    ['opus.webm', 'WebM (Opus)', 1, 24_000, 1e-4],
    ['opus.mp4', 'MP4 (Opus)', 1, 24_648, 1e-4],
    ['six.opus', 'Ogg (Opus)', 6, 4800, 1e-4],
    ['aac.m4a', 'MP4 (AAC)', 1, 22_528, 1e-6],
    ['aac.aac', 'ADTS (AAC)', 1, 23_552, 1e-6],
    ['aac.mka', 'Matroska (AAC)', 1, 23_552, 1e-6],
    ['fragments.m4a', 'MP4 (AAC)', 1, 23_552, 1e-6],
  ];

const LOSSLESS: readonly [
  name: string,
  format: string,
  channels: number,
  frames: number,
  rate: number,
  bits: 16 | 24 | 32,
][] = [
  ['stereo.flac', 'FLAC', 2, 9000, 16_000, 16],
  ['unknown-length.flac', 'FLAC', 2, 9000, 16_000, 16],
  ['wide24.flac', 'FLAC', 2, 3000, 44_100, 24],
  ['wide32.flac', 'FLAC', 2, 3000, 44_100, 32],
  ['eight.flac', 'FLAC', 8, 3000, 48_000, 16],
  ['blocks16.flac', 'FLAC', 1, 3000, 44_100, 16],
  ['flac.oga', 'Ogg (FLAC)', 2, 9000, 16_000, 16],
  ['flac.mka', 'Matroska (FLAC)', 2, 9000, 16_000, 16],
  ['flac.mp4', 'MP4 (FLAC)', 2, 9000, 16_000, 16],
  ['pcm24.mov', 'MP4 (24-bit PCM)', 2, 3000, 44_100, 24],
  ['pcm24.mka', 'Matroska (24-bit PCM)', 2, 3000, 44_100, 24],
  ['alac.m4a', 'MP4 (ALAC)', 2, 9000, 16_000, 16],
  ['alac.caf', 'CAF (ALAC)', 2, 9000, 16_000, 16],
];

describe('lossy sound', () => {
  it.each(LOSSY)(
    '%s is %s of %i channels and %i samples, as ffmpeg decodes it',
    async (name, format, channels, frames, tolerance) => {
      const file = await open(fixture(name));
      expect([file.format, file.channels, file.frames]).toEqual([format, channels, frames]);
      const samples = await file.read(0, 1e9);
      file.close();
      expect(samples.map((channel) => channel.length)).toEqual(Array(channels).fill(frames));
      const record = fixture(`${name}.f32`);
      const expected = new Float32Array(record.buffer, 0, record.length / 4);
      const got = expected.map((_, i) => samples[(31 * i) % channels]![Math.floor((31 * i) / channels)]!);
      expect(expected.length).toBe(Math.ceil((frames * channels) / 31));
      expect(distance(got, expected)).toBeLessThan(tolerance);
    },
  );

  it('ends a Vorbis stream of one page where its header says', async () => {
    expect((await decode(fixture('vorbis-mono.ogg'))).channels[0]).toHaveLength(22_050);
  });

  it('plays chained streams one after another, each as if it were alone', async () => {
    const [both, first, second] = await Promise.all(
      ['chained.opus', 'opus.opus', 'opus-more.opus'].map(async (name) => (await decode(fixture(name))).channels[1]!),
    );
    expect(both).toHaveLength(54_000);
    expect(both!.subarray(0, 27_000)).toEqual(first);
    expect(both!.subarray(27_000)).toEqual(second);
  });
});

describe('lossless sound', () => {
  it.each(LOSSLESS)(
    '%s is %s of %i channels and %i samples, exactly',
    async (name, format, channels, frames, rate, bits) => {
      const file = await open(fixture(name));
      expect([file.format, file.channels, file.frames, file.sampleRate]).toEqual([format, channels, frames, rate]);
      const samples = await file.read(0, 1e9);
      file.close();
      const scale = 2 ** (bits - 1);
      const expected = signal(channels, frames, rate).map((channel) =>
        Float32Array.from(channel, (sample, i) => widen(sample, i, bits) / scale),
      );
      expect(samples).toEqual(expected);
    },
  );

  it('reads FLAC behind ID3v2, before ID3v1, APE and zeros, as without', async () => {
    const bare = fixture('stereo.flac');
    const id3v2 = [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 1, 2, ...new Array<number>(130).fill(7)];
    const id3v1 = [0x54, 0x41, 0x47, ...new Array<number>(125).fill(0x20)];
    const ape = [...'APETAGEX']
      .map((c) => c.charCodeAt(0))
      .concat([0xd0, 7, 0, 0, 32, 0, 0, 0], new Array<number>(16).fill(0));
    const dressed = Uint8Array.from([...id3v2, ...bare, ...ape, ...id3v1]);
    const padded = Uint8Array.from([...bare, ...new Array<number>(5000).fill(0)]);
    const { channels } = await decode(bare);
    expect((await decode(dressed)).channels).toEqual(channels);
    expect((await decode(padded)).channels).toEqual(channels);
  });
});

describe('parts of a sound', () => {
  const names = [...LOSSY, ...LOSSLESS].map(([name]) => name);

  it.each(names)('%s: any part is that of the whole', async (name) => {
    const bytes = fixture(name);
    const { channels: whole } = await decode(bytes);
    const frames = whole[0]!.length;
    // Opus forgets slowly: after two seconds of making ready a part may differ in the last places.
    const tolerance = name.includes('pus') ? 1e-3 : 0;
    let state = 5;
    for (let i = 0; i < 6; i++) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      const start = state % frames;
      const count = Math.min(1 + (state % 3000), frames - start);
      const file = await open(bytes); // a jump right after opening, and one back
      const part = await file.read(start, count);
      const again = await file.read(Math.floor(start / 2), 100);
      file.close();
      part.forEach((samples, channel) => {
        expect(distance(samples, whole[channel]!.subarray(start, start + count))).toBeLessThanOrEqual(tolerance);
      });
      const back = Math.floor(start / 2);
      expect(distance(again[0]!, whole[0]!.subarray(back, back + 100))).toBeLessThanOrEqual(tolerance);
    }
  });

  it.each(names)('%s: blocks one after another are the whole, and read each byte about once', async (name) => {
    const bytes = fixture(name);
    const { channels: whole } = await decode(bytes);
    const reader = memory(bytes);
    const file = await openCoded(reader);
    const blocks: Float32Array[] = [];
    for (let at = 0; ;) {
      const [block] = await file.read(at, 777);
      if (block!.length === 0) break;
      blocks.push(block!);
      at += block!.length;
    }
    file.close();
    expect(Float32Array.from(blocks.flatMap((block) => [...block]))).toEqual(whole[0]);
    // FLAC looks at its first and last frames when it is opened.
    expect(reader.total).toBeLessThan(4 * bytes.length + 1000);
  });

  it('gives nothing behind the end', async () => {
    const file = await open(fixture('lame.mp3'));
    expect((await file.read(22_000, 100))[0]).toHaveLength(50);
    expect((await file.read(30_000, 100))[0]).toHaveLength(0);
    file.close();
  });
});

describe('MP3 files joined end to end', () => {
  it.each(['lame.mp3', 'vbr.mp3'])(
    '%s twice is read to the end, though its header tells of the first alone',
    async (name) => {
      const one = fixture(name);
      const { channels: single } = await decode(one);
      const { channels, frames } = await decode(new Uint8Array([...one, ...one]));
      const length = single[0]!.length;
      // and the padding of the first, the header of the second and its delay
      expect(frames).toBe(channels[0]!.length);
      expect(frames! - 2 * length).toBeGreaterThan(1152);
      expect(frames! - 2 * length).toBeLessThan(5 * 1152);
      expect(distance(channels[0]!.subarray(0, length), single[0]!)).toBe(0);
      // the second sound is all there, after some frames without what its first ones reach back to
      const second = channels[0]!.subarray(frames! - length);
      expect(Math.max(...second.map(Math.abs))).toBeGreaterThan(0.1);
    },
  );
});
