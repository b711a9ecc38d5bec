// The mean of two channels.
#include "vector.h"

// Overwrites `left`; both hold a multiple of four samples. Halves, so that the sum of two large ones is finite.
EXPORT("average") void average(float *left, const float *right, int count) {
  for (int i = 0; i < count; i += 4) {
    const Vector sum = plus(times(wasm_v128_load(left + i), all(0.5f)), times(wasm_v128_load(right + i), all(0.5f)));
    wasm_v128_store(left + i, sum);
  }
}
