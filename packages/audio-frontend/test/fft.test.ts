import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { createFft } from '../src/fft.js';

/** The definition: X[k] = sum_j x[j] e^(-2 pi i j k / n). */
function oracle(re: Float64Array, im: Float64Array): { re: Float64Array; im: Float64Array } {
  const n = re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      out.re[k]! += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
      out.im[k]! += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
    }
  }
  return out;
}

describe('createFft', () => {
  // Every radix alone and mixed, a prime, a square of primes, the lengths in use.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 20, 25, 30, 49, 77, 101, 120, 400, 512, 1024])('of %i is the sum', (n) => {
    const random = seeded(n);
    const fft = createFft(n);
    for (let round = 0; round < 2; round++) {
      const re = Float64Array.from({ length: n }, () => random() - 0.5);
      const im = Float64Array.from({ length: n }, () => random() - 0.5);
      const expected = oracle(re, im);
      const energy = re.reduce((sum, value, i) => sum + value ** 2 + im[i]! ** 2, 0);
      const [outRe, outIm] = fft(re, im);
      // Double precision leaves about 1e-16 sqrt(n) per element; the oracle itself adds about 1e-16 n.
      expectCloseArrays(outRe, expected.re, { absolute: 1e-12 });
      expectCloseArrays(outIm, expected.im, { absolute: 1e-12 });
      const spectral = outRe.reduce((sum, value, i) => sum + value ** 2 + outIm[i]! ** 2, 0);
      expect(spectral / n / energy).toBeCloseTo(1, 12); // Parseval
    }
  });

  it.each([1, 2, 3, 6, 7, 35, 400])('of a batch, length %i, is that of each signal', (n) => {
    const batch = 3;
    const random = seeded(n);
    const signals = Array.from({ length: batch }, () => ({
      re: Float64Array.from({ length: n }, () => random() - 0.5),
      im: Float64Array.from({ length: n }, () => random() - 0.5),
    }));
    const interleave = (part: 're' | 'im'): Float64Array =>
      Float64Array.from({ length: n * batch }, (_, i) => signals[i % batch]![part][Math.floor(i / batch)]!);
    const [re, im] = createFft(n, batch)(interleave('re'), interleave('im'));
    signals.forEach((signal, b) => {
      const expected = oracle(signal.re, signal.im);
      const lane = (all: Float64Array): Float64Array => all.filter((_, i) => i % batch === b);
      expectCloseArrays(lane(re), expected.re, { absolute: 1e-12 });
      expectCloseArrays(lane(im), expected.im, { absolute: 1e-12 });
    });
  });
});
