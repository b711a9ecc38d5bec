// Compiled once per instruction set, with AUDIO_SSL_LEVEL naming the table; vectors are those of GCC and Clang.
#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace audio_ssl {
namespace {

#if defined(__AVX512F__)
constexpr int W = 16;         // floats in a vector
constexpr int ROWS = 8;       // rows of a tile of a matrix product; it is ROWS x 2 W and stays in registers
#elif defined(__AVX__)
constexpr int W = 8;
constexpr int ROWS = 6;
#else
constexpr int W = 4;
constexpr int ROWS = 4;
#endif

typedef float Vec __attribute__((vector_size(W * 4), aligned(4), may_alias));
typedef int32_t Int __attribute__((vector_size(W * 4), aligned(4), may_alias));

inline Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
inline void store(float* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
inline Vec splat(float x) { return Vec{} + x; }
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec min(Vec a, Vec b) { return a < b ? a : b; }
inline Vec sqrt(Vec v) {
  for (int i = 0; i < W; i++) v[i] = __builtin_sqrtf(v[i]);
  return v;
}
inline float sum(Vec v) {
  float total = 0;
  for (int i = 0; i < W; i++) total += v[i];
  return total;
}
inline float largest(Vec v) {
  float most = v[0];
  for (int i = 1; i < W; i++) most = v[i] > most ? v[i] : most;
  return most;
}

// The last vector of a row that W does not divide: its first n floats, the others `rest`.
inline Vec load(const float* p, int64_t n, float rest = 0) {
  Vec v = splat(rest);
  std::memcpy(&v, p, n * 4);
  return v;
}
inline void store(float* p, Vec v, int64_t n) { std::memcpy(p, &v, n * 4); }

// f(i, n): the n floats from i on.
template <class F>
inline void each(int64_t dim, F f) {
  int64_t i = 0;
  for (; i + W <= dim; i += W) f(i, [](const float* p, float = 0) { return load(p); }, [](float* p, Vec v) { store(p, v); });
  if (i < dim) {
    const int64_t n = dim - i;
    f(i, [n](const float* p, float rest = 0) { return load(p, n, rest); }, [n](float* p, Vec v) { store(p, v, n); });
  }
}

// e^x = 2^n e^r with |r| <= ln 2 / 2 and the Taylor series of e^r to r^7: 1 ulp. 0 below -87.
inline Vec exp(Vec x) {
  const Vec bounded = min(max(x, splat(-87.f)), splat(88.f));
  const Vec shifted = bounded * 1.44269504f + 12582912.f;  // rounds to a whole number, which stands in the low bits
  const Vec n = shifted - 12582912.f;
  const Vec r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
  Vec p = splat(1 / 5040.f);
  p = p * r + 1 / 720.f;
  p = p * r + 1 / 120.f;
  p = p * r + 1 / 24.f;
  p = p * r + 1 / 6.f;
  p = p * r + 0.5f;
  p = p * r + 1.f;
  p = p * r + 1.f;
  const Int power = ((Int)shifted << 23) + 0x3f800000;
  return x < -87.f ? splat(0) : p * (Vec)power;
}

// Phi(u), and exp(-u^2 / 2), which the density needs; the polynomial is from fit-normal-cdf.py.
inline Vec normal_cdf(Vec u, Vec& bell) {
  static const float c[] = {8.40048498e-06f, 0.119464235f, 0.122105878f, 0.0938865885f, 0.144572643f, -0.0796890085f, 0.231637611f, -0.17069676f, 0.0387104465f};
  const Vec size = u < 0 ? -u : u;
  const Vec t = 1.f / (size * 0.3f + 1.f);
  Vec q = splat(c[8]);
  for (int i = 7; i >= 0; i--) q = q * t + c[i];
  bell = exp(u * u * -0.5f);
  const Vec tail = bell * q;
  return u < 0 ? tail : 1.f - tail;
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, int64_t rows, int64_t dim,
                float* y, float* mean, float* inverse) {
  for (int64_t r = 0; r < rows; r++, x += dim, y += dim) {
    Vec total{};
    each(dim, [&](int64_t i, auto get, auto) { total += get(x + i); });
    const float m = sum(total) / dim;
    Vec squares{};
    each(dim, [&](int64_t i, auto get, auto) {
      const Vec c = get(x + i, m) - m;
      squares += c * c;
    });
    const float inv = 1 / std::sqrt(sum(squares) / dim + epsilon);
    each(dim, [&](int64_t i, auto get, auto put) { put(y + i, (get(x + i) - m) * inv * get(weight + i) + get(bias + i)); });
    mean[r] = m;
    inverse[r] = inv;
  }
}

void layer_norm_grad(const float* dy, const float* x, const float* weight, const float* mean, const float* inverse,
                     int64_t rows, int64_t dim, float* dx, float* dweight, float* dbias) {
  for (int64_t r = 0; r < rows; r++, dy += dim, x += dim, dx += dim) {
    const float m = mean[r], inv = inverse[r];
    Vec whole{}, along{};
    each(dim, [&](int64_t i, auto get, auto put) {
      const Vec d = get(dy + i), n = (get(x + i) - m) * inv, g = d * get(weight + i);
      whole += g;
      along += g * n;
      put(dweight + i, get(dweight + i) + d * n);
      put(dbias + i, get(dbias + i) + d);
    });
    const float a = sum(whole) / dim, b = sum(along) / dim;
    each(dim, [&](int64_t i, auto get, auto put) {
      const Vec n = (get(x + i) - m) * inv;
      put(dx + i, (get(dy + i) * get(weight + i) - a - n * b) * inv);
    });
  }
}

void bias_gelu(const float* x, const float* bias, int64_t rows, int64_t dim, float* y) {
  for (int64_t r = 0; r < rows; r++, x += dim, y += dim) {
    each(dim, [&](int64_t i, auto get, auto put) {
      const Vec u = get(x + i) + get(bias + i);
      Vec bell;
      put(y + i, u * normal_cdf(u, bell));
    });
  }
}

void bias_gelu_grad(const float* dy, const float* x, const float* bias, int64_t rows, int64_t dim, float* dx,
                    float* dbias) {
  for (int64_t r = 0; r < rows; r++, dy += dim, x += dim, dx += dim) {
    each(dim, [&](int64_t i, auto get, auto put) {
      const Vec u = get(x + i) + get(bias + i);
      Vec bell;
      const Vec cdf = normal_cdf(u, bell);
      const Vec d = get(dy + i) * (cdf + u * bell * 0.398942280f);
      put(dx + i, d);
      put(dbias + i, get(dbias + i) + d);
    });
  }
}

void column_sum(const float* x, int64_t rows, int64_t dim, float* sums) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * dim) {
    each(dim, [&](int64_t i, auto get, auto put) {
      put(sums + i, get(sums + i) + ((get(x + i) + get(x + dim + i)) + (get(x + 2 * dim + i) + get(x + 3 * dim + i))));
    });
  }
  for (; r < rows; r++, x += dim) each(dim, [&](int64_t i, auto get, auto put) { put(sums + i, get(sums + i) + get(x + i)); });
}

void softmax(const float* x, const float* shift, float inverse_temperature, int64_t rows, int64_t dim, float* y) {
  const Vec lowest = splat(-INFINITY);
  for (int64_t r = 0; r < rows; r++, x += dim, y += dim) {
    Vec most = lowest;
    each(dim, [&](int64_t i, auto get, auto put) {
      const Vec z = (shift ? get(x + i, -INFINITY) - get(shift + i) : get(x + i, -INFINITY)) * inverse_temperature;
      most = max(most, z);
      put(y + i, z);
    });
    const float top = largest(most);
    Vec total{};
    each(dim, [&](int64_t i, auto get, auto put) {
      const Vec e = exp(get(y + i, -INFINITY) - top);
      total += e;
      put(y + i, e);
    });
    const float scale = 1 / sum(total);
    each(dim, [&](int64_t i, auto get, auto put) { put(y + i, get(y + i) * scale); });
  }
}

void cross_entropy(const float* x, const float* target, float inverse_temperature, int64_t rows, int64_t dim,
                   float* loss, float* normalizer) {
  for (int64_t r = 0; r < rows; r++, x += dim, target += dim) {
    Vec most = splat(-INFINITY);
    each(dim, [&](int64_t i, auto get, auto) { most = max(most, get(x + i, -INFINITY)); });
    const float top = largest(most) * inverse_temperature;
    Vec total{}, expected{}, mass{};
    each(dim, [&](int64_t i, auto get, auto) {
      total += exp(get(x + i, -INFINITY) * inverse_temperature - top);
      const Vec p = get(target + i);
      expected += p * (get(x + i) * inverse_temperature - top);
      mass += p;
    });
    const float logarithm = std::log(sum(total));
    normalizer[r] = top + logarithm;
    loss[r] = logarithm * sum(mass) - sum(expected);
  }
}

void cross_entropy_grad(const float* dloss, const float* x, const float* target, const float* normalizer,
                        float inverse_temperature, int64_t rows, int64_t dim, float* dx) {
  for (int64_t r = 0; r < rows; r++, x += dim, target += dim, dx += dim) {
    const float scale = dloss[r] * inverse_temperature, norm = normalizer[r];
    each(dim, [&](int64_t i, auto get, auto put) {
      put(dx + i, (exp(get(x + i) * inverse_temperature - norm) - get(target + i)) * scale);
    });
  }
}

void adam_w(const AdamW& s, const float* p, const float* g, const float* m, const float* v, int64_t size, float* p_next,
            float* m_next, float* v_next) {
  each(size, [&](int64_t i, auto get, auto put) {
    const Vec grad = get(g + i) * s.scale;
    const Vec mean = get(m + i) * s.beta1 + grad * s.rest1;
    const Vec square = get(v + i) * s.beta2 + grad * grad * s.rest2;
    put(m_next + i, mean);
    put(v_next + i, square);
    put(p_next + i, get(p + i) * s.kept - mean / (sqrt(square) + s.floor) * s.rate);
  });
}

void average(const float* slow, const float* fast, float taken, int64_t size, float* next) {
  each(size, [&](int64_t i, auto get, auto put) {
    const Vec s = get(slow + i);
    put(next + i, s + (get(fast + i) - s) * taken);
  });
}

double squared_sum(const float* x, int64_t size) {
  double total = 0;
  for (int64_t start = 0; start < size; start += 4096) {
    Vec part{};
    each(std::min<int64_t>(4096, size - start), [&](int64_t i, auto get, auto) {
      const Vec v = get(x + start + i);
      part += v * v;
    });
    total += sum(part);
  }
  return total;
}

// c (rows x 2 W) = or += a b over `inner`; element (m, k) of a is a[m * a_row + k * a_column].
template <int M, bool ADD>
inline void tile(int64_t inner, const float* a, int64_t a_row, int64_t a_column, const float* b, int64_t b_row, float* c,
                 int64_t c_row) {
  Vec left[M], right[M];
  for (int m = 0; m < M; m++) {
    left[m] = ADD ? load(c + m * c_row) : Vec{};
    right[m] = ADD ? load(c + m * c_row + W) : Vec{};
  }
  for (int64_t k = 0; k < inner; k++) {
    const Vec b0 = load(b + k * b_row), b1 = load(b + k * b_row + W);
    for (int m = 0; m < M; m++) {
      const float x = a[m * a_row + k * a_column];
      left[m] += b0 * x;
      right[m] += b1 * x;
    }
  }
  for (int m = 0; m < M; m++) {
    store(c + m * c_row, left[m]);
    store(c + m * c_row + W, right[m]);
  }
}

// Columns in multiples of 2 W.
template <bool ADD>
void product(int64_t rows, int64_t columns, int64_t inner, const float* a, int64_t a_row, int64_t a_column,
             const float* b, int64_t b_row, float* c, int64_t c_row) {
  for (int64_t n = 0; n < columns; n += 2 * W) {
    int64_t m = 0;
    for (; m + ROWS <= rows; m += ROWS) tile<ROWS, ADD>(inner, a + m * a_row, a_row, a_column, b + n, b_row, c + m * c_row + n, c_row);
    for (; m + 2 <= rows; m += 2) tile<2, ADD>(inner, a + m * a_row, a_row, a_column, b + n, b_row, c + m * c_row + n, c_row);
    for (; m < rows; m++) tile<1, ADD>(inner, a + m * a_row, a_row, a_column, b + n, b_row, c + m * c_row + n, c_row);
  }
}

// The product of whole matrices (Goto & van de Geijn 2008): a panel of b^T, INNER x 2 W, is packed into the first-level
// cache and meets CHUNK rows of a, which stay in the second; a is read where it is.
constexpr int64_t INNER = 256;
constexpr int64_t CHUNK = ROWS * 40;
constexpr int64_t WIDE = 2 * W;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Chunks of rows times groups of columns, so that every thread gets its share.
int64_t product_parts(const Product& p, int64_t threads) {
  const int64_t chunks = ceil_div(p.rows, CHUNK), panels = ceil_div(p.columns, WIDE);
  return chunks * std::max<int64_t>(1, std::min(panels, ceil_div(4 * threads, chunks)));
}

void product_part(const Product& p, int64_t part, int64_t parts) {
  const int64_t chunks = ceil_div(p.rows, CHUNK), groups = parts / chunks, panels = ceil_div(p.columns, WIDE);
  const int64_t group = part % groups, top = part / groups * CHUNK, rows = std::min(CHUNK, p.rows - top);
  alignas(64) float panel[INNER * WIDE];
  for (int64_t n = panels * group / groups; n < panels * (group + 1) / groups; n++) {
    const int64_t left = n * WIDE, width = std::min<int64_t>(WIDE, p.columns - left);
    for (int64_t start = 0; start < p.inner; start += INNER) {
      const int64_t inner = std::min(INNER, p.inner - start);
      for (int64_t i = 0; i < WIDE; i++) {
        const float* from = p.b + (left + i) * p.inner + start;
        for (int64_t k = 0; k < inner; k++) panel[k * WIDE + i] = i < width ? from[k] : 0;
      }
      const float* a = p.a + top * p.inner + start;
      float* c = p.c + top * p.columns + left;
      if (width == WIDE) {
        start == 0 ? product<false>(rows, WIDE, inner, a, p.inner, 1, panel, WIDE, c, p.columns)
                   : product<true>(rows, WIDE, inner, a, p.inner, 1, panel, WIDE, c, p.columns);
      } else {  // at the edge, by rows of its own
        for (int64_t r = 0; r < rows; r++) {
          float sums[WIDE];
          product<false>(1, WIDE, inner, a + r * p.inner, p.inner, 1, panel, WIDE, sums, WIDE);
          for (int64_t i = 0; i < width; i++) c[r * p.columns + i] = (start == 0 ? 0 : c[r * p.columns + i]) + sums[i];
        }
      }
    }
  }
}

constexpr int64_t BLOCK = 48;  // queries at a time: their scores stay in the cache

inline int64_t padded(int64_t n) { return (n + 2 * W - 1) / (2 * W) * (2 * W); }

// Memory of one head: rows of d padded to D, tokens N padded to P, what is beyond the edge zero.
struct Head {
  const AttentionSizes& sizes;
  int64_t d, D, N, P;
  float *q, *k, *v, *kt, *vt, *scores, *other, *out, *dq, *dk, *dv, *end;

  Head(const AttentionSizes& s, float* scratch, bool gradient)
      : sizes(s), d(s.head_dim), D(padded(d)), N(s.count), P(padded(N)), end(scratch) {
    q = take(BLOCK * D);
    k = take(P * D);
    v = take(P * D);
    kt = take(D * P);
    scores = take(BLOCK * P);
    out = take(BLOCK * D);
    vt = gradient ? take(D * P) : nullptr;
    other = gradient ? take(BLOCK * P) : nullptr;
    dq = gradient ? take(BLOCK * D) : nullptr;
    dk = gradient ? take(P * D) : nullptr;
    dv = gradient ? take(P * D) : nullptr;
  }

  float* take(int64_t size) { return (end += size) - size; }

  void rows(const float* from, int64_t stride, int64_t count, float scale, float* to) const {
    for (int64_t r = 0; r < count; r++) {
      for (int64_t i = 0; i < d; i++) to[r * D + i] = from[r * stride + i] * scale;
      for (int64_t i = d; i < D; i++) to[r * D + i] = 0;
    }
  }
  void transposed(const float* from, float* to) const {
    for (int64_t i = 0; i < D; i++) {
      for (int64_t n = 0; n < N; n++) to[i * P + n] = from[n * D + i];
      for (int64_t n = N; n < P; n++) to[i * P + n] = 0;
    }
  }
  void keys_and_values(const float* qkv, int64_t head) const {
    const int64_t width = sizes.heads * d;
    rows(qkv + width + head * d, 3 * width, N, 1, k);
    rows(qkv + 2 * width + head * d, 3 * width, N, 1, v);
    std::fill(k + N * D, k + P * D, 0.f);
    std::fill(v + N * D, v + P * D, 0.f);
    transposed(k, kt);
  }
  // q of the queries from..from + count, scaled, and their scores.
  void score(const float* qkv, int64_t head, int64_t from, int64_t count) const {
    const int64_t width = sizes.heads * d;
    rows(qkv + from * 3 * width + head * d, 3 * width, count, 1 / std::sqrt(static_cast<float>(d)), q);
    product<false>(count, P, D, q, D, 1, kt, P, scores, P);
  }
};

int64_t attention_scratch(const AttentionSizes& sizes, bool gradient) {
  float* none = nullptr;
  return Head(sizes, none, gradient).end - none;
}

void attention(const AttentionSizes& s, int64_t head, int64_t from, int64_t to, const float* qkv, float* scratch,
               float* out, float* normalizer) {
  const Head h(s, scratch, false);
  const int64_t width = s.heads * s.head_dim, queries = s.count - s.first;
  h.keys_and_values(qkv, head);
  for (int64_t start = from; start < to; start += BLOCK) {
    const int64_t count = std::min(BLOCK, to - start);
    h.score(qkv, head, start, count);
    for (int64_t r = 0; r < count; r++) {
      float* row = h.scores + r * h.P;
      Vec most = splat(-INFINITY);
      each(h.N, [&](int64_t i, auto get, auto) { most = max(most, get(row + i, -INFINITY)); });
      const float top = largest(most);
      Vec total{};
      each(h.N, [&](int64_t i, auto get, auto put) {
        const Vec e = exp(get(row + i, -INFINITY) - top);
        total += e;
        put(row + i, e);
      });
      const float mass = sum(total), scale = 1 / mass;
      each(h.N, [&](int64_t i, auto get, auto put) { put(row + i, get(row + i) * scale); });
      std::fill(row + h.N, row + h.P, 0.f);
      normalizer[head * queries + start - s.first + r] = top + std::log(mass);
    }
    product<false>(count, h.D, h.N, h.scores, h.P, 1, h.v, h.D, h.out, h.D);
    for (int64_t r = 0; r < count; r++)
      std::memcpy(out + (start - s.first + r) * width + head * h.d, h.out + r * h.D, h.d * 4);
  }
}

// With P = softmax(Q K^T s), O = P V and incoming G: dV = P^T G, dS = P (G V^T - rowsum(G O)), dQ = s dS K, dK = s dS^T Q.
void attention_grad(const AttentionSizes& s, int64_t head, const float* dout, const float* qkv, const float* out,
                    const float* normalizer, float* scratch, float* dqkv) {
  const Head h(s, scratch, true);
  const int64_t width = s.heads * s.head_dim, queries = s.count - s.first;
  const float scale = 1 / std::sqrt(static_cast<float>(s.head_dim));
  h.keys_and_values(qkv, head);
  h.transposed(h.v, h.vt);
  std::fill(h.dk, h.dk + h.P * h.D, 0.f);
  std::fill(h.dv, h.dv + h.P * h.D, 0.f);
  float* dq = dqkv + head * h.d;
  for (int64_t r = 0; r < s.first; r++) std::fill(dq + r * 3 * width, dq + r * 3 * width + h.d, 0.f);
  for (int64_t start = s.first; start < s.count; start += BLOCK) {
    const int64_t count = std::min(BLOCK, s.count - start);
    const float* from = dout + (start - s.first) * width + head * h.d;
    const float* made = out + (start - s.first) * width + head * h.d;
    h.score(qkv, head, start, count);
    h.rows(from, width, count, 1, h.out);  // G
    product<false>(count, h.P, h.D, h.out, h.D, 1, h.vt, h.P, h.other, h.P);
    for (int64_t r = 0; r < count; r++) {
      float along = 0;
      for (int64_t i = 0; i < h.d; i++) along += from[r * width + i] * made[r * width + i];
      const float norm = normalizer[head * queries + start - s.first + r];
      float *p = h.scores + r * h.P, *ds = h.other + r * h.P;
      each(h.N, [&](int64_t i, auto get, auto put) {
        const Vec e = exp(get(p + i) - norm);
        put(p + i, e);
        put(ds + i, e * (get(ds + i) - along));
      });
      std::fill(p + h.N, p + h.P, 0.f);
      std::fill(ds + h.N, ds + h.P, 0.f);
    }
    product<true>(h.N, h.D, count, h.scores, 1, h.P, h.out, h.D, h.dv, h.D);
    product<true>(h.N, h.D, count, h.other, 1, h.P, h.q, h.D, h.dk, h.D);
    product<false>(count, h.D, h.N, h.other, h.P, 1, h.k, h.D, h.dq, h.D);
    for (int64_t r = 0; r < count; r++)
      for (int64_t i = 0; i < h.d; i++) dq[(start + r) * 3 * width + i] = h.dq[r * h.D + i] * scale;
  }
  // q was scaled when dk was summed.
  for (int64_t n = 0; n < h.N; n++) {
    std::memcpy(dq + n * 3 * width + width, h.dk + n * h.D, h.d * 4);
    std::memcpy(dq + n * 3 * width + 2 * width, h.dv + n * h.D, h.d * 4);
  }
}

}  // namespace

extern const Kernels AUDIO_SSL_LEVEL;
const Kernels AUDIO_SSL_LEVEL = {
    product_parts,  product_part,
    layer_norm,     layer_norm_grad,    bias_gelu, bias_gelu_grad, column_sum,        softmax,
    cross_entropy,  cross_entropy_grad, adam_w,    average,        squared_sum,       attention_scratch,
    attention,      attention_grad,
};

}  // namespace audio_ssl
