// Stockham's transform as in src/fft.ts, in single precision: a stage of radix r turns x[q + s (p + m t)] into
// y[q + s (r p + u)] = w^(p u) * sum over t of x_t e^(-2 pi i t u / r).
#include "fft.h"

INLINE Complex add(Complex a, Complex b) { return (Complex){plus(a.re, b.re), plus(a.im, b.im)}; }
INLINE Complex sub(Complex a, Complex b) { return (Complex){minus(a.re, b.re), minus(a.im, b.im)}; }
INLINE Complex scaled(float by, Complex a) { return (Complex){times(all(by), a.re), times(all(by), a.im)}; }

// Where the results of one butterfly go. The roots of a last stage are all 1.
typedef struct {
  Complex *y;
  int stride;
  const float *roots;
  int last;
} Target;

INLINE void put(Target to, int u, Complex a) {
  if (u > 0 && !to.last) {
    const Vector c = wasm_v128_load32_splat(to.roots + 2 * u), s = wasm_v128_load32_splat(to.roots + 2 * u + 1);
    a = (Complex){minus(times(a.re, c), times(a.im, s)), plus(times(a.re, s), times(a.im, c))};
  }
  to.y[u * to.stride] = a;
}

// Results u and r - u: their roots are conjugates, so that they are e - i f and e + i f.
INLINE void put_pair(Target to, int u, int r, Complex e, Complex f) {
  put(to, u, (Complex){plus(e.re, f.im), minus(e.im, f.re)});
  put(to, r - u, (Complex){minus(e.re, f.im), plus(e.im, f.re)});
}

INLINE void butterfly2(const Complex *x, int step, Target to) {
  put(to, 0, add(x[0], x[step]));
  put(to, 1, sub(x[0], x[step]));
}

INLINE void butterfly3(const Complex *x, int step, Target to) {
  const Complex sum = add(x[step], x[2 * step]), difference = sub(x[step], x[2 * step]);
  put(to, 0, add(x[0], sum));
  put_pair(to, 1, 3, sub(x[0], scaled(0.5f, sum)), scaled(0.86602540378f, difference));
}

INLINE void butterfly4(const Complex *x, int step, Target to) {
  const Complex a = add(x[0], x[2 * step]), b = sub(x[0], x[2 * step]);
  const Complex c = add(x[step], x[3 * step]), d = sub(x[step], x[3 * step]);
  put(to, 0, add(a, c));
  put(to, 2, sub(a, c));
  put_pair(to, 1, 4, b, d);
}

INLINE void butterfly5(const Complex *x, int step, Target to) {
  const float c1 = 0.30901699437f, c2 = -0.80901699437f, s1 = 0.95105651629f, s2 = 0.58778525229f;
  const Complex a = add(x[step], x[4 * step]), A = sub(x[step], x[4 * step]);
  const Complex b = add(x[2 * step], x[3 * step]), B = sub(x[2 * step], x[3 * step]);
  put(to, 0, add(x[0], add(a, b)));
  put_pair(to, 1, 5, add(x[0], add(scaled(c1, a), scaled(c2, b))), add(scaled(s1, A), scaled(s2, B)));
  put_pair(to, 2, 5, add(x[0], add(scaled(c2, a), scaled(c1, b))), sub(scaled(s2, A), scaled(s1, B)));
}

INLINE void butterfly7(const Complex *x, int step, Target to) {
  const float c1 = 0.62348980186f, c2 = -0.22252093396f, c3 = -0.90096886790f;
  const float s1 = 0.78183148247f, s2 = 0.97492791218f, s3 = 0.43388373912f;
  const Complex a = add(x[step], x[6 * step]), A = sub(x[step], x[6 * step]);
  const Complex b = add(x[2 * step], x[5 * step]), B = sub(x[2 * step], x[5 * step]);
  const Complex c = add(x[3 * step], x[4 * step]), C = sub(x[3 * step], x[4 * step]);
  put(to, 0, add(x[0], add(a, add(b, c))));
  put_pair(to, 1, 7, add(x[0], add(scaled(c1, a), add(scaled(c2, b), scaled(c3, c)))),
           add(scaled(s1, A), add(scaled(s2, B), scaled(s3, C))));
  put_pair(to, 2, 7, add(x[0], add(scaled(c2, a), add(scaled(c3, b), scaled(c1, c)))),
           sub(scaled(s2, A), add(scaled(s3, B), scaled(s1, C))));
  put_pair(to, 3, 7, add(x[0], add(scaled(c3, a), add(scaled(c1, b), scaled(c2, c)))),
           add(sub(scaled(s3, A), scaled(s1, B)), scaled(s2, C)));
}

#define EACH_BUTTERFLY(r, last)                                              \
  for (int p = 0; p < groups; p++)                                           \
    for (int q = 0; q < stride; q++)                                         \
      butterfly##r(x + q + stride * p, stride * groups,                      \
                   (Target){y + q + stride * r * p, stride, of->roots + 2 * r * p, last});
#define STAGE(r)                                           \
  case r:                                                  \
    if (groups == 1) { EACH_BUTTERFLY(r, 1) }              \
    else { EACH_BUTTERFLY(r, 0) }                          \
    break;

static void stage(const Stage *of, const Complex *restrict x, Complex *restrict y) {
  const int stride = of->stride, groups = of->groups;
  switch (of->radix) {
    STAGE(2)
    STAGE(3)
    STAGE(4)
    STAGE(5)
    STAGE(7)
  }
}

Complex *transform(Transform of, Complex *x, Complex *y) {
  for (int i = 0; i < of.count; i++) {
    stage(of.stages + i, x, y);
    Complex *const result = y;
    y = x;
    x = result;
  }
  return x;
}
