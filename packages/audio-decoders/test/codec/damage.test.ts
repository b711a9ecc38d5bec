import { describe, expect, it } from 'vitest';
import { AudioError } from '../../src/audio-error.js';
import { Findings, missing } from '../../src/codec/findings.js';
import { decode, fixture, open } from './open-fixture.js';

async function problem(bytes: Uint8Array): Promise<AudioError> {
  const error: unknown = await decode(bytes).then(
    () => new Error('accepted'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AudioError);
  return error as AudioError;
}

const cut = (name: string, share: number): Uint8Array => {
  const bytes = fixture(name);
  return bytes.subarray(0, Math.floor(bytes.length * share));
};

/** A fixture with bytes changed from a place on. */
const spoil = (name: string, share: number, count: number): Uint8Array => {
  const bytes = fixture(name);
  const at = Math.floor(bytes.length * share);
  for (let i = 0; i < count; i++) bytes[at + i]! ^= 0x55;
  return bytes;
};

describe('a cut file', () => {
  it.each([
    ['stereo.flac', /\d\.\d+ s of 0\.6 s are missing/],
    ['lame.mp3', /\d\.\d+ s of 0\.5 s are missing/],
    ['noinfo.mp3', /last frame is not whole/],
    ['aac.aac', /last frame is not whole/],
    ['vorbis.ogg', /ends within a page/],
    ['opus.opus', /ends within a page/],
    ['flac.oga', /\d\.\d+ s of 0\.6 s are missing/],
    ['opus.webm', /\d\.\d+ s of 0\.5 s are missing/],
    ['aac.m4a', /table of contents \(moov\)/],
    ['unknown-length.flac', /\d\.\d+ s of 0\.6 s are missing/],
  ])('%s is refused as truncated: %s', async (name, message) => {
    const error = await problem(cut(name, 0.71));
    expect(error.problem).toBe('truncated');
    expect(error.message).toMatch(message);
    expect(error.format).toBeDefined();
  });

  it.each(['stereo.flac', 'lame.mp3', 'noinfo.mp3', 'aac.aac', 'vorbis.ogg', 'opus.webm', 'fragments.m4a'])(
    '%s is read as far as it goes with damaged: keep',
    async (name) => {
      const { channels: whole } = await decode(fixture(name));
      const { channels, frames, damage } = await decode(cut(name, 0.71), { damaged: 'keep' });
      const length = channels[0]!.length;
      expect(length).toBeLessThan(whole[0]!.length);
      if (name !== 'vorbis.ogg') expect(length).toBeGreaterThan(0.3 * whole[0]!.length);
      expect(channels[0]).toEqual(whole[0]!.subarray(0, length));
      expect(frames).toBe(length);
      expect(damage).toBeDefined();
    },
  );

  it('finds a file whose last byte is missing', async () => {
    for (const name of ['stereo.flac', 'lame.mp3', 'noinfo.mp3', 'vorbis.ogg', 'aac.aac', 'alac.caf']) {
      const bytes = fixture(name);
      expect((await problem(bytes.subarray(0, -1))).problem).toBe('truncated');
    }
  });
});

describe('a damaged file', () => {
  it.each(['stereo.flac', 'wide24.flac', 'eight.flac', 'flac.oga', 'vorbis.ogg', 'opus.opus'])(
    '%s: no single bit can be wrong in silence, as it has checksums',
    async (name) => {
      const { channels: whole } = await decode(fixture(name));
      const bytes = fixture(name);
      for (let i = 0; i < 40; i++) {
        const at = Math.floor((bytes.length - 1) * (i / 39));
        const flipped = Uint8Array.from(bytes);
        flipped[at]! ^= 1 << (i % 8);
        const result = await decode(flipped).catch((error: unknown) => error);
        // Names and vendors are no sound, and what a header of metadata says otherwise shows in the rest.
        if (result instanceof AudioError) expect(result.message).not.toBe('');
        else expect((result as { channels: Float32Array[] }).channels).toEqual(whole);
      }
    },
  );

  it.each([
    ['stereo.flac', 0.8],
    ['blocks16.flac', 0.6],
    ['six.ogg', 0.9],
  ])('%s: with damaged: keep, silence stands where a packet is lost, and nothing moves', async (name, share) => {
    const { channels: whole } = await decode(fixture(name));
    const { channels, damage } = await decode(spoil(name, share, 3), { damaged: 'keep' });
    expect(damage).toMatch(/checksum/);
    const differs = channels[0]!.map((sample, i) => (sample === whole[0]![i] ? 0 : 1));
    const [first, last] = [differs.indexOf(1), differs.lastIndexOf(1)];
    expect(channels[0]).toHaveLength(whole[0]!.length);
    expect(first).toBeGreaterThan(0);
    expect(last - first).toBeLessThan(0.7 * whole[0]!.length);
    const middle = Math.floor((first + last) / 2);
    expect(channels[0]!.subarray(middle, middle + 8)).toEqual(new Float32Array(8));
  });

  it('tells a wrong MD5 in STREAMINFO when all was read, and only then', async () => {
    const bytes = fixture('stereo.flac');
    bytes[8 + 20]! ^= 1;
    expect((await problem(bytes)).message).toContain('MD5');
    const file = await open(bytes);
    await expect(file.read(100, 500)).resolves.toHaveLength(2);
    file.close();
  });

  it('tells more samples than the header declares', async () => {
    const bytes = fixture('stereo.flac');
    new DataView(bytes.buffer).setUint32(8 + 14, 5000);
    expect((await problem(bytes)).message).toContain('declares 5000 samples, its frames hold 9000');
  });

  it('finds its way behind bytes that are no frames, and places what follows', async () => {
    const bytes = fixture('noinfo.mp3'); // of one bit rate, so the place in time follows
    const { channels: whole } = await decode(bytes);
    const hole = Uint8Array.from(bytes).fill(0, 900, 1400);
    expect((await problem(hole)).problem).toBe('damaged');
    const { channels } = await decode(hole, { damaged: 'keep' });
    expect(channels[0]).toHaveLength(whole[0]!.length);
    expect(channels[0]!.subarray(-2000)).toEqual(whole[0]!.subarray(-2000));
  });

  it('says all in a few words, however many places are damaged, and counts none twice', async () => {
    const bytes = fixture('crc.mp3');
    for (let at = 1000; at < bytes.length - 2; at++) {
      // The bits behind the checksum of each frame, which it covers.
      if (bytes[at] === 0xff && (bytes[at + 1]! & 0xfe) === 0xfa) bytes[at + 6]! ^= 0x01;
    }
    const file = await open(bytes, { damaged: 'keep' });
    await file.read(0, 1e6);
    const said = file.damage;
    expect(said).toMatch(/^a frame fails its checksum \(\d\d times\)/);
    await file.read(5000, 1000);
    await file.read(0, 1e6);
    expect(file.damage).toBe(said);
    file.close();
  });

  it('names the first three places and the length that is missing, and counts the others', () => {
    const findings = new Findings('keep');
    for (let second = 0; second < 60; second++) findings.report('damaged', `at ${second} s`);
    for (let second = 0; second < 60; second++) findings.report('damaged', `at ${second} s`);
    expect(findings.text).toBe('at 0 s; at 1 s; at 2 s; and 57 more places');
    findings.report('truncated', missing(500, 1000, 1000));
    expect(findings.text).toBe('at 0 s; at 1 s; at 2 s; 0.5 s of 1.0 s are missing; and 57 more places');
    for (let packet = 0; packet < 50_000; packet++) findings.report('damaged', `packet ${packet}`, packet);
    expect(findings.text).toMatch(/missing; and at least 9\d{3} more places$/);
  });

  it('reads a file after a damaged one as if nothing had been', async () => {
    const { channels: whole } = await decode(fixture('eight.flac'));
    for (const name of ['stereo.flac', 'vorbis.ogg', 'aac.aac', 'lame.mp3'])
      await decode(spoil(name, 0.5, 50)).catch(() => {});
    expect((await decode(fixture('eight.flac'))).channels).toEqual(whole);
  });
});

describe('a header without a checksum that contradicts the sound', () => {
  it('is told by a FLAC file whose frames hold more than its header declares, and the frames are kept', async () => {
    const bytes = fixture('eight.flac'); // 3000 samples, in bytes 21 to 25
    bytes[25] = 0;
    expect(await problem(bytes)).toMatchObject({
      problem: 'damaged',
      message: expect.stringContaining('its header declares 2816 samples, its frames hold 3000') as string,
    });
    const { channels, frames, damage } = await decode(bytes, { damaged: 'keep' });
    expect([frames, channels[0]!.length]).toEqual([3000, 3000]);
    expect(damage).toContain('its frames hold 3000');
  });

  it.each(['refuse', 'keep'] as const)('ends an MP4 file whose edit begins behind its end (%s)', async (damaged) => {
    const bytes = fixture('flac.mp4');
    const edit = Buffer.from(bytes).indexOf('elst') + 4;
    new DataView(bytes.buffer, bytes.byteOffset).setInt32(edit + 12, 1e6); // its media time
    await expect(decode(bytes, { damaged })).rejects.toMatchObject({
      problem: 'damaged',
      message: expect.stringContaining('its edit list leaves nothing of the sound') as string,
    });
  });

  it.each(['refuse', 'keep'] as const)('ends a file without a packet of its track (%s)', async (damaged) => {
    const bytes = fixture('flac.mka');
    const track = Buffer.from(bytes).indexOf(Buffer.of(0xd7, 0x81, 1));
    bytes[track + 2] = 5;
    await expect(decode(bytes, { damaged })).rejects.toMatchObject({ problem: 'empty' });
  });

  it.each(['refuse', 'keep'] as const)(
    'ends a file of thousands of channels before any room is made (%s)',
    async (damaged) => {
      const bytes = fixture('mp3.mka');
      const rate = Buffer.from(bytes).indexOf(Buffer.of(0xb5, 0x88)); // SamplingFrequency in 8 bytes, then Channels
      bytes.set([0xb5, 0x84, 0x46, 0x7a, 0, 0, 0x9f, 0x85, 0, 0, 1, 0xb5, 0x88], rate);
      await expect(decode(bytes, { damaged })).rejects.toMatchObject({
        problem: 'damaged',
        message: expect.stringContaining('declares 112008 channels') as string,
      });
    },
  );
});
