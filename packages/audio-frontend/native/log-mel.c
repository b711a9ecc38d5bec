// Log-mels of frames, as src/frames-by-reference.ts has them, in single precision: eight frames at a time, of which each
// lane holds two, as real and imaginary part of one signal.
#include "fft.h"

// src/frames-by-kernel.ts writes these.
typedef struct {
  int size, hop, bins;
  Transform transform;
  const float *window;               // `size` values
  const int *first, *count;          // of each bin: its lowest frequency, and how many it has
  const float *weights;              // one bin's behind the other's; a quarter of the filter's
  Complex *work, *spare;             // `size` each
  Vector *power;                     // 2 * (size / 2 + 1)
  float offset;
} LogMel;

// The natural logarithm of positive normal numbers. x = 2^e m, m from sqrt(1/2) to sqrt(2), and
// ln m = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1), whose first term left out is below 7e-10.
INLINE Vector logarithm(Vector x) {
  const Vector half = wasm_i32x4_splat(0x3f000000), mantissa = wasm_i32x4_splat(0x007fffff);
  Vector m = wasm_v128_or(wasm_v128_and(x, mantissa), half);  // from 1/2 to 1
  const Vector small = wasm_f32x4_lt(m, all(0.70710678f));    // -1 as an integer where it holds
  m = plus(m, wasm_v128_and(m, small));
  const Vector e = wasm_f32x4_convert_i32x4(
      wasm_i32x4_add(wasm_i32x4_sub(wasm_u32x4_shr(x, 23), wasm_i32x4_splat(126)), small));
  const Vector s = wasm_f32x4_div(minus(m, all(1)), plus(m, all(1)));
  const Vector z = times(s, s);
  Vector series = plus(times(z, all(1 / 9.0f)), all(1 / 7.0f));
  series = plus(times(z, series), all(1 / 5.0f));
  series = plus(times(z, series), all(1 / 3.0f));
  series = plus(s, times(s, times(z, series)));
  // ln 2 in two parts, of which the first has few enough bits for an exact product
  return plus(times(e, all(0.693359375f)), plus(plus(series, series), times(e, all(-2.12194440e-4f))));
}

// Fills columns `from` to `frames` - 1 of `rows`, which are `stride` long, with log-mels; both `from` and `stride` are
// multiples of eight, and the signal is long enough for the frames of the last eight. Stops before eight frames of which
// single precision cannot hold the power, and returns the first of them; else `frames` or more.
EXPORT("logMel") int log_mel(const LogMel *o, const float *signal, float *rows, int stride, int from, int frames) {
  const int size = o->size, half = size / 2, hop = o->hop;
  for (; from < frames; from += 8) {
    const float *frame = signal + from * hop;
    for (int i = 0; i < size; i += 4) {
      const Square re = load_turned(frame + i, hop), im = load_turned(frame + 4 * hop + i, hop);
      for (int j = 0; j < 4; j++) {
        const Vector window = wasm_v128_load32_splat(o->window + i + j);
        o->work[i + j] = (Complex){times(window, re.row[j]), times(window, im.row[j])};
      }
    }
    const Complex *z = transform(o->transform, o->work, o->spare);
    // Two real frames a, b share the transform Z of a + ib: 2 A[k] = Z[k] + conj Z[n-k], 2i B[k] = Z[k] - conj Z[n-k].
    for (int k = 0; k <= half; k++) {
      const Complex one = z[k], other = z[k ? size - k : 0];
      const Vector ar = plus(one.re, other.re), ai = minus(one.im, other.im);
      const Vector br = plus(one.im, other.im), bi = minus(one.re, other.re);
      o->power[2 * k] = plus(times(ar, ar), times(ai, ai));
      o->power[2 * k + 1] = plus(times(br, br), times(bi, bi));
    }
    const float *weight = o->weights;
    Vector loudest = all(0);
    for (int bin = 0; bin < o->bins; bin++) {
      const Vector *power = o->power + 2 * o->first[bin];
      Vector a = all(o->offset), b = a;
      for (int k = o->count[bin]; k > 0; k--, weight++, power += 2) {
        const Vector by = wasm_v128_load32_splat(weight);
        a = plus(a, times(by, power[0]));
        b = plus(b, times(by, power[1]));
      }
      loudest = wasm_f32x4_max(loudest, wasm_f32x4_max(a, b));  // NaN when one is
      wasm_v128_store(rows + bin * stride + from, logarithm(a));
      wasm_v128_store(rows + bin * stride + from + 4, logarithm(b));
    }
    if (!wasm_i32x4_all_true(wasm_f32x4_lt(loudest, all(__builtin_inff())))) break;
  }
  return from;
}

// Whether no sample is NaN or infinite: 0 times such a one is NaN.
EXPORT("allFinite") int all_finite(const float *samples, int count) {
  Vector sum = all(0), other = all(0);
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    sum = plus(sum, times(wasm_v128_load(samples + i), all(0)));
    other = plus(other, times(wasm_v128_load(samples + i + 4), all(0)));
  }
  float rest = 0;
  for (; i < count; i++) rest += samples[i] * 0;
  return rest == 0 && wasm_i32x4_all_true(wasm_f32x4_eq(plus(sum, other), all(0)));
}
