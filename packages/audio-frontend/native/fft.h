// The complex Fourier transform of four signals at once: see fft.c.
#pragma once
#include "vector.h"

typedef struct { Vector re, im; } Complex;

// One stage of a transform; the same numbers as a `Stage` of src/fft.ts.
typedef struct {
  int radix, stride, groups;
  const float *roots;  // cos and -sin of 2 pi p u / (radix * groups), at 2 * (p * radix + u)
} Stage;

typedef struct {
  int count;
  const Stage *stages;
} Transform;

// Returns where the result stands, `x` or `y`; the other one holds nothing of use.
Complex *transform(Transform of, Complex *x, Complex *y);
