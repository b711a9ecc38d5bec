import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeAudio } from '../src/index.js';
import { hasProgram } from './has-program.js';

const folder = mkdtempSync(join(tmpdir(), 'audio-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ffmpeg = (args: readonly string[]): Buffer =>
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { maxBuffer: 2 ** 28 });

/** Noise and a sweep over nearly the whole range. */
function makeSource(channels: number): string {
  const path = join(folder, `source-${channels}.wav`);
  if (existsSync(path)) return path;
  const sound = "aevalsrc='0.6*sin(2*PI*(300+900*t)*t)+0.35*random(0)':d=0.4:s=16000";
  ffmpeg(['-f', 'lavfi', '-i', sound, '-ac', `${channels}`, '-c:a', 'pcm_s32le', path]);
  return path;
}

/** The samples as `ffmpeg` or `sox` reads them, interleaved. */
function samplesBy(program: 'ffmpeg' | 'sox', path: string): Float32Array {
  const bytes =
    program === 'ffmpeg'
      ? ffmpeg(['-i', path, '-f', 'f32le', '-c:a', 'pcm_f32le', '-'])
      : execFileSync('sox', [path, '-t', 'f32', '-'], { maxBuffer: 2 ** 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function interleaved(path: string): Promise<Float32Array> {
  const { channels } = await decodeAudio(readFileSync(path));
  return Float32Array.from({ length: channels.length * channels[0]!.length }, (_, i) => {
    return channels[i % channels.length]![Math.floor(i / channels.length)]!;
  });
}

describe.skipIf(!hasProgram('ffmpeg'))('files that ffmpeg writes (skipped where there is none)', () => {
  const wide = ['s16le', 's24le', 's32le', 'f32le', 'f64le', 'alaw', 'mulaw'];
  const big = ['s8', 's16be', 's24be', 's32be', 'f32be', 'f64be', 'alaw', 'mulaw'];
  const codings = (container: string, names: readonly string[], ...options: string[]) =>
    names.map((name) => [container, name.includes('_') ? name : `pcm_${name}`, options] as const);

  it.each([
    ...codings('wav', ['u8', 's64le', 'adpcm_ima_wav', 'adpcm_ms', ...wide]),
    ...codings('rf64.wav', wide, '-rf64', 'always'),
    ...codings('w64', ['u8', 'adpcm_ms', 'adpcm_ima_wav', ...wide]),
    ...codings('aiff', ['adpcm_ima_qt', 's16le', ...big]),
    ...codings('au', big),
    ...codings('caf', ['adpcm_ima_qt', ...wide, ...big]),
    ...codings('mov', ['u8', ...wide, ...big]),
    ...codings('mkv', ['u8', 's16be', 's24be', 's32be', 'adpcm_ms', 'adpcm_ima_wav', ...wide]),
    ...codings('fragmented.mov', ['s16le', 's24be', 'f32le'], '-movflags', 'frag_keyframe+empty_moov'),
  ])('%s of %s: the same samples to the last bit', async (container, coding, options) => {
    await expectTheSame(container, coding, options, 2);
  });

  it.each([
    ['wav', 'pcm_s24le', 6],
    ['wav', 'adpcm_ima_wav', 1],
    ['wav', 'adpcm_ms', 1],
    ['aiff', 'adpcm_ima_qt', 1],
    ['caf', 'pcm_f32le', 5],
    ['au', 'pcm_mulaw', 1],
    ['mov', 'pcm_s24le', 6],
    ['mkv', 'pcm_s16le', 5],
  ])('%s of %s with %i channels', (container, coding, channels) => expectTheSame(container, coding, [], channels));

  async function expectTheSame(
    container: string,
    coding: string,
    options: readonly string[],
    channels: number,
  ): Promise<void> {
    const path = join(folder, `${coding}-${channels}.${container}`);
    ffmpeg(['-i', makeSource(channels), '-c:a', coding, ...options, path]);
    const expected = samplesBy('ffmpeg', path);
    const got = await interleaved(path);
    expect(got.length).toBe(expected.length);
    expect(got.findIndex((value, i) => value !== expected[i])).toBe(-1);
  }
});

describe.skipIf(!hasProgram('sox') || !hasProgram('ffmpeg'))(
  'files that sox writes (skipped where there is none)',
  () => {
    it.each([
      ['wav', ['-b', '24']],
      ['wav', ['-b', '8']],
      ['wav', ['-e', 'a-law']],
      ['wav', ['-b', '16', '-B']],
      ['aiff', ['-b', '24']],
      ['aifc', ['-b', '16']],
      ['au', ['-b', '32']],
      ['au', ['-e', 'mu-law']],
      ['w64', ['-b', '24']],
      ['caf', ['-b', '16']],
    ])('%s with %j: the same samples to the last bit', async (type, options) => {
      const path = join(folder, `sox-${options.join('')}.${type}`);
      execFileSync('sox', ['-D', makeSource(2), ...options, '-t', type, path], { stdio: 'ignore' });
      const [ours, theirs] = [await interleaved(path), samplesBy('sox', path)];
      expect(ours.length).toBe(theirs.length);
      // sox turns 32 bits into floats of 25 bits: half of the last one is all that may differ, and only there.
      const apart = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
      expect(apart).toBeLessThanOrEqual(options.includes('32') ? 2 ** -24 : 0);
    });

    it.each(['wav', 'aiff', 'au'])('%s through a pipe', async (type) => {
      const piped = execFileSync('sox', ['-D', makeSource(2), '-b', '16', '-t', type, '-'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      execFileSync('sox', ['-D', makeSource(2), '-b', '16', '-t', type, join(folder, `whole.${type}`)]);
      expect(await decodeAudio(piped)).toEqual(await decodeAudio(readFileSync(join(folder, `whole.${type}`))));
    });

    it.each(['ima-adpcm', 'ms-adpcm'])(
      '%s: as long as what it was made of, and within a few units of its rounding',
      async (coding) => {
        const path = join(folder, `${coding}.wav`);
        execFileSync('sox', [makeSource(2), '-e', coding, path], { stdio: 'ignore' });
        const [ours, theirs] = [await interleaved(path), samplesBy('sox', path)];
        expect(ours.length).toBe(2 * 6400);
        // A predictor feeds what rounding made other back into what follows, until the next block starts anew.
        const apart = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
        expect(apart).toBeLessThan(1 / 64);
      },
    );
  },
);
