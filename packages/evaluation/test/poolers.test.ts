import { seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { createLogMelDescriber, createPooler, describeLogMel, poolFrames, poolings } from '../src/index.js';

const random = seeded(5);
const [rows, dims] = [1000, 3];
// The second dimension has a deviation of 1e-3 beside a mean of 1000: sums of squares would lose it.
const data = Float32Array.from({ length: rows * dims }, (_, i) => (i % dims === 1 ? 1000 + 1e-3 * random() : random()));
const piecesOf = (lengths: readonly number[]) => {
  let at = 0;
  return lengths.map((count) => {
    const part = data.subarray(at * dims, (at + count) * dims);
    at += count;
    return { data: part, rows: count, dims };
  });
};

describe('createPooler', () => {
  // Values are rounded to float32 at the end, 6e-8 of their size; what the pieces add is double precision, far below it.
  it.each([[[1, 999]], [[500, 500]], [[333, 333, 334]], [Array.from({ length: rows }, () => 1)]])(
    'gives what poolFrames gives of all frames at once, in pieces of %s',
    (lengths) => {
      const pooler = createPooler();
      for (const piece of piecesOf(lengths)) pooler.push(piece);
      for (const pooling of poolings) {
        const whole = poolFrames({ data, rows, dims }, pooling);
        const joined = pooler.result(pooling);
        expect(joined).toHaveLength(whole.length);
        joined.forEach((value, i) => expect(Math.abs(value / whole[i]! - 1)).toBeLessThan(2e-7));
      }
    },
  );

  it('knows the pieces so far, and can go on', () => {
    const pooler = createPooler();
    pooler.push({ data: Float32Array.of(1), rows: 1, dims: 1 });
    expect(pooler.result('mean')).toEqual(Float32Array.of(1));
    pooler.push({ data: Float32Array.of(3), rows: 1, dims: 1 });
    expect(pooler.result('mean+std+max')).toEqual(Float32Array.of(2, 1, 3));
  });

  it('refuses other dimensions, NaN, no frames and other poolings', () => {
    const pooler = createPooler();
    expect(() => pooler.result('mean')).toThrow('createPooler: expected at least one frame, got none');
    pooler.push({ data: Float32Array.of(1, 2), rows: 1, dims: 2 });
    expect(() => pooler.push({ data: Float32Array.of(1), rows: 1, dims: 1 })).toThrow(
      'frames of 2 dimensions, as before, got 1',
    );
    expect(() => pooler.push({ data: Float32Array.of(1, NaN), rows: 1, dims: 2 })).toThrow('NaN');
    expect(() => pooler.result('median' as 'mean')).toThrow("got 'median'");
  });
});

describe('createLogMelDescriber', () => {
  it.each([[[200]], [[1, 199]], [[50, 100, 50]]])(
    'gives what describeLogMel gives of the whole, in pieces of %s',
    (lengths) => {
      const [bins, frames] = [2, 200];
      const whole = { data: Float32Array.from({ length: bins * frames }, () => random() * 10 - 12), bins, frames };
      const describer = createLogMelDescriber();
      let at = 0;
      for (const count of lengths) {
        const part = new Float32Array(bins * count);
        for (let bin = 0; bin < bins; bin++)
          part.set(whole.data.subarray(bin * frames + at, bin * frames + at + count), bin * count);
        describer.push({ data: part, bins, frames: count });
        at += count;
      }
      const expected = describeLogMel(whole);
      describer.result().forEach((value, i) => expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(2e-7)); // float32
    },
  );
});
