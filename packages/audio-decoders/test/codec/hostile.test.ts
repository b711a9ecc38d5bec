import { afterEach, describe, expect, it } from 'vitest';
import { AudioError } from '../../src/audio-error.js';
import { openAudio } from '../../src/open-audio.js';
import { releaseDecoder, takeDecoder } from '../../src/codec/decoder-instance.js';
import { decoderModule, useDecoder } from '../../src/codec/decoder-module.js';
import { decoderUrl } from '../../src/decoder-url.js';
import { decode, fixture, memory, open } from './open-fixture.js';
import { openCoded } from '../../src/codec/open-coded.js';
import { flacFile, flacFrame, flacFrameHeader } from './write-flac.js';

describe('the module', () => {
  afterEach(() => useDecoder(decoderUrl()));

  it.each([
    ['a web page', () => new Response('<!doctype html><title>app</title>'), 'a web page'],
    ['an error of the server', () => new Response('', { status: 404 }), 'status 404'],
    ['other bytes', () => new Uint8Array(10), 'magic word'],
    ['a file that is not there', () => new URL('nothing.wasm', decoderUrl()), 'ENOENT'],
  ])('says what it got in place of itself: %s', async (_, source, words) => {
    useDecoder(source());
    const error = (await open(fixture('lame.mp3')).catch((thrown: unknown) => thrown)) as AudioError;
    expect(error).toBeInstanceOf(AudioError);
    expect(error.message).toContain(words);
    expect(error.message).toContain('useDecoder');
  });

  it('is taken compiled, too, as a worker is handed it', async () => {
    const module = await decoderModule();
    useDecoder(module);
    expect(await decoderModule()).toBe(module);
    expect((await decode(fixture('lame.mp3'))).channels[0]).toHaveLength(22_050);
  });

  it('costs one sound when it traps, and is not used again', async () => {
    const first = await takeDecoder();
    expect(() => first.decode(0, 2 ** 31 - 1)).toThrow(AudioError);
    expect(first.broken).toBe(true);
    expect(() => first.clear()).toThrow('gave up');
    releaseDecoder(first);
    const second = await takeDecoder();
    expect(second).not.toBe(first);
    releaseDecoder(second);
    expect(await takeDecoder()).toBe(second);
  });
});

/** Fails what takes more work than the two seconds that are allowed to any file. Work is counted, not time: the machine may be busy. */
async function within(seconds: number, work: () => Promise<unknown>): Promise<unknown> {
  const before = process.cpuUsage();
  const result = await work().catch((thrown: unknown) => thrown);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(seconds);
  return result;
}

describe('hostile files', () => {
  it('a day of silence in a megabyte of FLAC is read anywhere in constant memory', async () => {
    const bytes = silentFlac(24 * 3600 * 44_100);
    expect(bytes.length).toBeLessThan(1.1e6);
    const reader = memory(bytes);
    const file = await openCoded(reader);
    expect(file.frames).toBe(24 * 3600 * 44_100);
    for (const hour of [0, 12, 23.99]) {
      const [samples] = await file.read(Math.round(hour * 3600 * 44_100), 100_000);
      expect(samples).toEqual(new Float32Array(100_000));
    }
    expect(reader.total).toBeLessThan(3e6);
    file.close();
  });

  it('thousands of FLAC frames that claim an earlier place are left out', async () => {
    const early = Array.from({ length: 20_000 }, () => flacFrame(0, 16)).flat();
    const frames = [flacFrame(0, 65_535), flacFrame(1, 65_535), early, flacFrame(2, 65_535)];
    const bytes = flacFile(3 * 65_535, frames.flat());
    const { channels, damage } = await decode(bytes, { damaged: 'keep' });
    expect(channels[0]).toHaveLength(3 * 65_535);
    expect(damage).toContain('between 2.97 s and 0.00 s');
  });

  it('a header of hours is not believed: no room is taken before there are samples', async () => {
    const bytes = fixture('stereo.flac');
    bytes[8 + 13]! |= 0x0f; // 2^36 samples
    const error = await within(2, () => decode(bytes));
    expect((error as AudioError).problem).toBe('truncated');
  });

  it.each([
    ['a CAF of packets of two billion samples', () => caf(0x7fffffff)],
    ['a CAF of packets of no samples', () => caf(0)],
    ['boxes of no size', () => Uint8Array.from([...box('ftyp', 16), ...new Array<number>(60_000).fill(0)])],
    ['boxes of eight bytes', () => Uint8Array.from(Array.from({ length: 20_000 }, () => box('free', 8)).flat())],
    ['headers of FLAC frames and nothing else', () => flacHeaders(40_000)],
    [
      'a FLAC picture of 16 MB in a file of 100 bytes',
      () => fixture('stereo.flac').fill(0xff, 43, 46).subarray(0, 100),
    ],
    [
      'pages of Ogg without end',
      () =>
        Uint8Array.from(
          Array.from({ length: 4000 }, () =>
            [...'OggS'].map((c) => c.charCodeAt(0)).concat(new Array<number>(23).fill(0)),
          ).flat(),
        ),
    ],
    [
      'elements of EBML inside one another',
      () =>
        Uint8Array.from([
          0x1a,
          0x45,
          0xdf,
          0xa3,
          0x80,
          ...Array.from({ length: 9000 }, () => [0x18, 0x53, 0x80, 0x67, 0xff]).flat(),
        ]),
    ],
    ['syncs of MPEG', () => Uint8Array.from({ length: 90_000 }, (_, i) => [0xff, 0xfb, 0x90, 0][i % 4]!)],
  ])('%s: an error or an end within two seconds', async (_, make) => {
    const result = await within(2, () => decode(make(), { damaged: 'keep' }));
    if (result instanceof Error) expect(result).toBeInstanceOf(AudioError);
  });

  it('20 MB of empty ID3v2 tags are not gone over one by one', async () => {
    const tags = new Uint8Array(20e6);
    for (let at = 0; at < tags.length; at += 10) tags.set([0x49, 0x44, 0x33, 4], at);
    let reads = 0;
    const whole = memory(tags);
    const read = (position: number, target: Uint8Array): number => (reads++, whole.read(position, target));
    await expect(openAudio({ size: tags.length, read })).rejects.toMatchObject({ problem: 'not audio' });
    expect(reads).toBeLessThan(200);
    const behind = Uint8Array.from(Buffer.concat([fixture('noinfo.mp3'), tags]));
    await expect(within(1, () => decode(behind))).resolves.toMatchObject({ problem: 'damaged' });
  });

  it('every table of an MP4 may lie', async () => {
    for (const table of ['stsz', 'stsc', 'stts', 'stco', 'stsd', 'elst', 'mdhd', 'mvhd', 'esds']) {
      for (const value of [0, 1, 0x7fffffff, 0xffffffff]) {
        for (const offset of [4, 8, 12, 16]) {
          const bytes = fixture('aac.m4a');
          const at = Buffer.from(bytes).indexOf(table);
          new DataView(bytes.buffer).setUint32(at + 4 + offset, value);
          const result = await within(2, () => decode(bytes, { damaged: 'keep' }));
          if (result instanceof Error) expect(result).toBeInstanceOf(AudioError);
        }
      }
    }
  });
});

function box(kind: string, size: number): number[] {
  return [
    0,
    0,
    size >> 8,
    size & 255,
    ...[...kind].map((c) => c.charCodeAt(0)),
    ...new Array<number>(size - 8).fill(0),
  ];
}

function caf(framesPerPacket: number): Uint8Array {
  const bytes = fixture('alac.caf');
  const at = Buffer.from(bytes).indexOf('desc') + 12;
  new DataView(bytes.buffer).setUint32(at + 20, framesPerPacket);
  const cookie = Buffer.from(bytes).indexOf('kuki') + 12 + 24;
  new DataView(bytes.buffer).setUint32(cookie, framesPerPacket);
  return bytes;
}

function silentFlac(frames: number): Uint8Array {
  const body: number[] = [];
  for (let at = 0, number = 0; at < frames; at += 65_535, number++) {
    body.push(...flacFrame(number, Math.min(65_535, frames - at)));
  }
  return flacFile(frames, body);
}

function flacHeaders(count: number): Uint8Array {
  return flacFile(0, Array.from({ length: count }, (_, i) => flacFrameHeader(i, 65_535)).flat());
}
