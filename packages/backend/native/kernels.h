// The arithmetic of the fused operations, free of TensorFlow: plain loops over plain memory, one thread.
// kernels.cc is compiled once per instruction set; kernels() gives the best one that this processor has.
#pragma once
#include <cstdint>

namespace audio_ssl {

struct AttentionSizes {
  int64_t count;     // N, tokens
  int64_t heads;     // H
  int64_t head_dim;  // d; a token has 3 H d values in qkv and H d in out
  int64_t first;     // queries are the tokens from here on
};

// The constants and the step's values of one AdamW update.
struct AdamW {
  float beta1, beta2, rest1, rest2;  // rest = 1 - beta
  float kept;                        // 1 - learning rate x weight decay
  float rate, floor;                 // p - rate m / (sqrt(v) + floor)
  float scale;                       // of the gradient
};

// c (rows x columns) = a b^T over `inner`; all row-major.
struct Product {
  int64_t rows, columns, inner;
  const float *a, *b;
  float* c;
};

struct Kernels {
  // The number of independent parts in which a product is made, enough for `threads`; and one of them.
  int64_t (*product_parts)(const Product&, int64_t threads);
  void (*product_part)(const Product&, int64_t part, int64_t parts);
  // y = (x - mean) inverse weight + bias over the last axis, inverse = 1 / sqrt(variance + epsilon).
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float epsilon, int64_t rows, int64_t dim,
                     float* y, float* mean, float* inverse);
  // dweight and dbias are added to.
  void (*layer_norm_grad)(const float* dy, const float* x, const float* weight, const float* mean,
                          const float* inverse, int64_t rows, int64_t dim, float* dx, float* dweight, float* dbias);
  // y = u Phi(u), u = x + bias.
  void (*bias_gelu)(const float* x, const float* bias, int64_t rows, int64_t dim, float* y);
  // dbias is added to.
  void (*bias_gelu_grad)(const float* dy, const float* x, const float* bias, int64_t rows, int64_t dim, float* dx,
                         float* dbias);
  // sums is added to.
  void (*column_sum)(const float* x, int64_t rows, int64_t dim, float* sums);
  // softmax((x - shift) inverse_temperature); shift may be null.
  void (*softmax)(const float* x, const float* shift, float inverse_temperature, int64_t rows, int64_t dim, float* y);
  // loss = -sum_k target log softmax(x inverse_temperature), normalizer = log sum_k exp(x inverse_temperature).
  void (*cross_entropy)(const float* x, const float* target, float inverse_temperature, int64_t rows, int64_t dim,
                        float* loss, float* normalizer);
  void (*cross_entropy_grad)(const float* dloss, const float* x, const float* target, const float* normalizer,
                             float inverse_temperature, int64_t rows, int64_t dim, float* dx);
  void (*adam_w)(const AdamW&, const float* p, const float* g, const float* m, const float* v, int64_t size,
                 float* p_next, float* m_next, float* v_next);
  // slow + (fast - slow) taken
  void (*average)(const float* slow, const float* fast, float taken, int64_t size, float* next);
  double (*squared_sum)(const float* x, int64_t size);
  // Floats of scratch memory that one head needs.
  int64_t (*attention_scratch)(const AttentionSizes&, bool gradient);
  // One head of one clip, for the queries from..to; qkv and out point at the clip. normalizer (H, N - first) gets the
  // logarithm of every row's sum.
  void (*attention)(const AttentionSizes&, int64_t head, int64_t from, int64_t to, const float* qkv, float* scratch,
                    float* out, float* normalizer);
  void (*attention_grad)(const AttentionSizes&, int64_t head, const float* dout, const float* qkv, const float* out,
                         const float* normalizer, float* scratch, float* dqkv);
};

const Kernels& kernels();

}  // namespace audio_ssl
