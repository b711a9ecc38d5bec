import { describe, expect, it } from 'vitest';
import { decode, distance, fixture, open } from './open-fixture.js';

/** Of a film's clock. */
const MOVIE = 1000;

/** An edit: thousandths of a second, and the sample of the track at which it begins; -1 for silence. */
type Row = readonly [duration: number, mediaTime: number];

/** A fixture whose table of contents stands behind its sound, with edits in place of its own. */
function edited(name: string, edits: readonly Row[]): Uint8Array {
  const bytes = Buffer.from(fixture(name));
  const rows = edits.map(([duration, mediaTime]) => words(duration, mediaTime, 0x10000));
  const elst = box('elst', words(0, edits.length), ...rows);
  const moov = bytes.lastIndexOf('moov') - 4;
  const trak = bytes.indexOf('trak', moov) - 4;
  const old = bytes.indexOf('edts', trak) - 4;
  expect(moov).toBeGreaterThan(bytes.indexOf('mdat'));
  const end = old + bytes.readUInt32BE(old);
  const table = box('edts', elst);
  for (const at of [moov, trak]) bytes.writeUInt32BE(bytes.readUInt32BE(at) + table.length - (end - old), at);
  expect(bytes.readUInt32BE(bytes.indexOf('mvhd', moov) + 16)).toBe(MOVIE);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, old), table, bytes.subarray(end)]));
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32BE(value, 4 * i));
  return bytes;
}

function box(kind: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([words(8 + body.length), Buffer.from(kind), body]);
}

/** Stretches of samples, `undefined` and a count for silence. */
function stretches(
  samples: Float32Array,
  parts: readonly (readonly [from: number | undefined, to: number])[],
): number[] {
  return parts.flatMap(([from, to]) =>
    from === undefined ? new Array<number>(to).fill(0) : [...samples.subarray(from, to)],
  );
}

describe('an edit list', () => {
  // ALAC has packets of 4096 samples at 16 kHz, of which the last one ends at 9000; PCM is cut to the sample, at 44.1 kHz.
  // What is expected of ALAC is what ffmpeg gives: an edit's last packet is whole, and so is the first one but of the first.
  const cases: readonly (readonly [
    what: string,
    name: string,
    edits: readonly Row[],
    expected: readonly (readonly [from: number | undefined, to: number])[],
  ])[] = [
    ['silence first, which says when a film begins', 'alac.m4a', [[200, -1], [256, 100]], [[100, 8192]]],
    ['one cut', 'alac.m4a', [[100, 100], [100, 4000]], [[100, 4096], [4096, 8192]]],
    ['one cut back', 'alac.m4a', [[100, 5000], [200, 0]], [[5000, 8192], [0, 4096]]],
    ['the same twice', 'alac.m4a', [[300, 0], [300, 0], [0, 0]], [[0, 8192], [0, 8192], [0, 9000]]],
    ['silence within', 'alac.m4a', [[100, 0], [50, -1], [100, 8192]], [[0, 4096], [undefined, 800], [8192, 9000]]],
    ['silence at the end', 'alac.m4a', [[100, 0], [500, -1]], [[0, 4096]]],
    ['PCM, one stretch', 'pcm24.mov', [[20, 500]], [[500, 1382]]],
    ['PCM, two', 'pcm24.mov', [[10, 2000], [20, 7]], [[2000, 2441], [7, 889]]],
    ['PCM, silence within', 'pcm24.mov', [[10, 0], [10, -1], [10, 441]], [[0, 441], [undefined, 441], [441, 882]]],
    ['PCM, beyond the end', 'pcm24.mov', [[9000, 1000]], [[1000, 3000]]],
  ]; // prettier-ignore

  it('at the very beginning leaves out what the coder of Opus has put in front', async () => {
    const { channels } = await decode(edited('opus.mp4', [[60_000, 0]]));
    const { channels: usual } = await decode(fixture('opus.mp4')); // with an edit from there on
    expect(channels[0]!.subarray(0, usual[0]!.length)).toEqual(usual[0]);
    const { channels: half } = await decode(edited('opus.mp4', [[500, 0]])); // 25 packets of 960, as ffmpeg has it
    expect(half[0]).toEqual(usual[0]!.subarray(0, 24_000 - 312));
  });

  it.each(cases)('%s (%s)', async (_, name, edits, expected) => {
    const { channels: whole } = await decode(edited(name, [[0, 0]]));
    const bytes = edited(name, edits);
    const samples = Float32Array.from(stretches(whole[1]!, expected));
    const { channels, frames } = await decode(bytes);
    expect(frames).toBe(samples.length);
    expect(distance(channels[1]!, samples)).toBe(0);
    for (const share of [0.95, 0.5, 0.3]) {
      const at = Math.floor(share * samples.length);
      const file = await open(bytes);
      expect(distance((await file.read(at, 500))[1]!, samples.subarray(at, at + 500))).toBe(0);
      file.close();
    }
  });

  it('of AAC makes ready for what is behind a cut, by packets before it', async () => {
    const [whole, cut] = [edited('aac.m4a', [[0, 1024]]), edited('aac.m4a', [[100, 1024], [100, 10_240]])]; // prettier-ignore
    const { channels: expected } = await decode(whole);
    const { channels } = await decode(cut);
    const first = 5 * 1024; // packets that hold the first 4410 samples
    expect(channels[0]).toHaveLength(2 * first);
    expect(distance(channels[0]!.subarray(0, first), expected[0]!.subarray(0, first))).toBe(0);
    // Noise goes on from packet to packet, and is another behind a cut.
    expect(distance(channels[0]!.subarray(first), expected[0]!.subarray(9 * 1024, 14 * 1024))).toBeLessThan(1e-4);
  });

  it('with all of it cut out leaves nothing', async () => {
    await expect(decode(edited('pcm24.mov', [[10, 9000]]))).rejects.toMatchObject({ problem: 'damaged' });
  });
});

describe('PCM in MP4', () => {
  it('that lacks its end is refused, or kept as far as it goes', async () => {
    const bytes = Buffer.from(fixture('pcm24.mov'));
    const { channels: whole } = await decode(bytes);
    const place = bytes.indexOf('stco') + 12;
    bytes.writeUInt32BE(bytes.length - 6 * 1000, place); // its samples begin 6 kB before the end
    await expect(decode(bytes)).rejects.toMatchObject({
      problem: 'truncated',
      message: expect.stringContaining('45 ms of 68 ms are missing') as string,
    });
    const { channels, damage } = await decode(bytes, { damaged: 'keep' });
    expect([whole[0]!.length, channels[0]!.length]).toEqual([3000, 1000]);
    expect(damage).toContain('45 ms');
  });
});
