// Names for 128-bit vectors. Everything here works on four signals at a time, one in each lane; no operation mixes lanes,
// so that a signal gives the same bits in whichever lane it stands and whatever stands in the others.
#pragma once
#include <wasm_simd128.h>

#define INLINE static inline __attribute__((always_inline))
#define EXPORT(name) __attribute__((export_name(name)))

typedef v128_t Vector;

INLINE Vector all(float x) { return wasm_f32x4_splat(x); }
INLINE Vector plus(Vector a, Vector b) { return wasm_f32x4_add(a, b); }
INLINE Vector minus(Vector a, Vector b) { return wasm_f32x4_sub(a, b); }
INLINE Vector times(Vector a, Vector b) { return wasm_f32x4_mul(a, b); }

// Turns a square of numbers, so that what stood one behind the other in a, b, c, d stands side by side.
typedef struct { Vector row[4]; } Square;
INLINE Square turned(Vector a, Vector b, Vector c, Vector d) {
  const Vector ab = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), AB = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  const Vector cd = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), CD = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  return (Square){{wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3),
                   wasm_i64x2_shuffle(AB, CD, 0, 2), wasm_i64x2_shuffle(AB, CD, 1, 3)}};
}

// Four samples of four signals that stand `apart` from each other; row i holds sample i of each.
INLINE Square load_turned(const float *from, int apart) {
  return turned(wasm_v128_load(from), wasm_v128_load(from + apart), wasm_v128_load(from + 2 * apart),
                wasm_v128_load(from + 3 * apart));
}
