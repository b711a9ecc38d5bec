import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cutPieces } from '../src/cut-pieces.js';

test.each([
  [100, null, [100]],
  [100, 100, [100]],
  [150, 100, [150]],
  [151, 100, [100, 51]],
  [249, 100, [100, 149]],
  [250, 100, [100, 100, 50]],
  [1, 100, [1]],
  [3, 2, [3]],
  [7, 2, [2, 2, 2, 1]],
] as const)('%i frames in pieces of %s', (frames, segment, expected) => {
  expect(cutPieces(frames, segment)).toEqual(expected);
});

test('pieces add up, and none is shorter than half of one or longer than one and a half', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 900 }), (frames, segment) => {
      const pieces = cutPieces(frames, segment);
      expect(pieces.reduce((sum, piece) => sum + piece)).toBe(frames);
      expect(pieces.slice(0, -1).every((piece) => piece === segment)).toBe(true);
      expect(pieces.at(-1)).toBeLessThanOrEqual(1.5 * segment);
      if (pieces.length > 1) expect(pieces.at(-1)).toBeGreaterThanOrEqual(segment / 2);
    }),
  );
});
