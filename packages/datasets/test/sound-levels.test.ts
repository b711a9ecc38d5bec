import { expect, test } from 'vitest';

import { soundLevels } from '../src/sound-levels.js';
import type { SoundNotice } from '../src/sound-notice.js';
import { sine } from './wav.js';

/** The notices about channels and their mean, taken in in blocks of 1000. */
function about(...channels: readonly Float32Array[]): Omit<SoundNotice, 'path'>[] {
  const levels = soundLevels();
  for (let at = 0; at < channels[0]!.length; at += 1000) {
    const block = channels.map((channel) => channel.subarray(at, at + 1000));
    const mono = block[0]!.map((_, i) => block.reduce((sum, channel) => sum + channel[i]!, 0) / block.length);
    levels.add(block, mono);
  }
  return levels.notices();
}

const tone = sine(440, 0.5);
const scaled = (by: number): Float32Array => tone.map((sample) => by * sample);

test('nothing is said of sound as it should be', () => {
  expect(about(tone)).toEqual([]);
  expect(about(tone, tone)).toEqual([]);
  expect(about(tone, sine(500, 0.5))).toEqual([]);
  expect(about(tone, new Float32Array(tone.length))).toEqual([]); // one channel alone: 6 dB
  expect(about(Float32Array.of(0.5))).toEqual([]); // a single sample is no constant
  expect(soundLevels().notices()).toEqual([]);
});

test('channels cancel from 20 dB on', () => {
  // mean of t and -a t: (1 - a) / 2, of power ((1 - a) / 2)^2 against (1 + a^2) / 2; 20 dB at a = 0.8173
  const ratio = (a: number): number => 10 * Math.log10((1 + a * a) / 2 / ((1 - a) / 2) ** 2);
  expect(ratio(0.8)).toBeLessThan(20);
  expect(ratio(0.83)).toBeGreaterThan(20);
  expect(about(tone, scaled(-0.8))).toEqual([]);
  expect(about(tone, scaled(-0.83))).toEqual([
    {
      kind: 'channels cancel',
      message: `the mean of its 2 channels is ${Math.round(ratio(0.83))} dB below their own power`,
      next: 'take one of the channels with `channel`',
    },
  ]);
  expect(about(tone, scaled(-1))).toMatchObject([
    {
      kind: 'channels cancel',
      message: 'the mean of its 2 channels is silent',
      next: expect.stringContaining('`channel`'),
    },
  ]);
});

test('integers stored as floats are whole numbers beyond 1, or far beyond it; a loud float or a click of ±1 is not', () => {
  const integers = tone.map((sample) => Math.round(6000 * sample));
  expect(about(integers)).toEqual([
    {
      kind: 'integer scale',
      message: 'all samples are whole numbers, up to 3000',
      next: expect.stringContaining('divide them by 32768'),
    },
  ]);
  expect(about(scaled(30))).toEqual([]); // 15: loud
  expect(about(Float32Array.of(0, 1, 0, -1, 0))).toEqual([]);
  expect(about(integers.map((sample) => sample / 1000))).toEqual([]);
  const resampled = integers.slice();
  resampled[7999] = 0.5;
  expect(about(resampled)).toEqual([
    {
      kind: 'integer scale',
      message: expect.stringMatching(/^samples reach 3000$/),
      next: expect.stringContaining('floats'),
    },
  ]);
});

test('silence and constants are told apart, and one other sample anywhere is enough for neither', () => {
  const zeros = new Float32Array(5000);
  expect(about(zeros)).toMatchObject([{ kind: 'silent' }]);
  expect(about(zeros, zeros)).toMatchObject([{ kind: 'silent' }]);
  expect(about(zeros.map(() => 0.25))).toEqual([
    { kind: 'constant', message: 'all samples are 0.25', next: 'leave such files out' },
  ]);
  const impulse = zeros.slice();
  impulse[4999] = 0.1;
  expect(about(impulse)).toEqual([]);
});
