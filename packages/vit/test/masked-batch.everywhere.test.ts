import { randomMask } from '@audio-ssl/masking';
import { expectClose, expectNoLeak, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { maskedBatch } from '../src/index.js';

const sizes = { bins: 4, frames: 6, patch: [2, 2] } as const; // 2 x 3 tokens
const mask = randomMask({ ratio: 0.5 })({ freq: 2, time: 3 }, 2, seeded(1));
const values = Float32Array.from({ length: 2 * 4 * 6 }, (_, i) => i);

describe('maskedBatch', () => {
  it('holds spectrograms and indices as tensors of the shapes that a step takes', async () => {
    const { spectrogram, visible, masked } = maskedBatch(values, mask, sizes);
    expect([spectrogram.shape, visible.shape, masked.shape]).toEqual([
      [2, 4, 6],
      [2, 3],
      [2, 3],
    ]);
    expect([spectrogram.dtype, visible.dtype, masked.dtype]).toEqual(['float32', 'int32', 'int32']);
    await expectClose(spectrogram, values, {});
    await expectClose(visible, mask.visible, {});
    await expectClose(masked, mask.masked, {});
    tf.dispose([spectrogram, visible, masked]);
    await expectNoLeak(() => maskedBatch(values, mask, sizes));
  });

  it('refuses what does not fit, and makes no tensor then', () => {
    const before = tf.memory().numTensors;
    expect(() => maskedBatch(values.subarray(1), mask, sizes)).toThrow(
      'maskedBatch: expected 2 spectrograms of 4 x 6, got 47 values; was the mask made for another batch?',
    );
    const larger = { ...mask, masked: mask.masked.map((index) => (index === mask.masked[0] ? 6 : index)) };
    expect(() => maskedBatch(values, larger, sizes)).toThrow(
      'maskedBatch: index 6 is outside 0..5 (grid 2x3); was the mask made for another grid?',
    );
    const negative = { ...mask, visible: mask.visible.map(() => -1) };
    expect(() => maskedBatch(values, negative, sizes)).toThrow('index -1 is outside 0..5');
    expect(() => maskedBatch(values, mask, { ...sizes, patch: [3, 2] })).toThrow('positive multiples of the patch 3x2');
    expect(tf.memory().numTensors).toBe(before);
  });
});
