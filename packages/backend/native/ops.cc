// The fused operations as TensorFlow operations for the processor: shapes, memory and threads; the arithmetic is in
// kernels.cc. Sums over rows are made in a fixed number of parts, so that results do not depend on the threads.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace audio_ssl {
namespace {

using tensorflow::DEVICE_CPU;
using tensorflow::DT_FLOAT;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::InferenceContext;

// f(begin, end) over 0..total on TensorFlow's threads; `cost` is that of one unit, in float operations.
template <class F>
void parallel(OpKernelContext* context, int64_t total, int64_t cost, F f) {
  context->device()->tensorflow_cpu_worker_threads()->workers->ParallelFor(total, std::max<int64_t>(1, cost), f);
}

const float* in(OpKernelContext* context, int index) { return context->input(index).flat<float>().data(); }
float scalar(OpKernelContext* context, int index) { return context->input(index).scalar<float>()(); }

// Output `index`, in the memory of input `reused` where that is free.
float* out(OpKernelContext* context, int index, const TensorShape& shape, int reused = -1) {
  Tensor* tensor = nullptr;
  const auto status = reused < 0
                          ? context->allocate_output(index, shape, &tensor)
                          : context->forward_input_or_allocate_output({reused}, index, shape, &tensor);
  if (!status.ok()) {
    context->CtxFailure(status);
    return nullptr;
  }
  return tensor->flat<float>().data();
}

// With the attribute in_place, an operation writes over its input: whoever builds the graph sees to it that nobody else
// reads that input afterwards (donated arguments of @audio-ssl/compile).
float* over(OpKernelContext* context, bool in_place, int index, int input) {
  if (!in_place) return out(context, index, context->input(input).shape());
  context->set_output(index, context->input(input));
  return const_cast<float*>(in(context, input));
}

struct Rows {
  int64_t count, dim;
  explicit Rows(const Tensor& tensor)
      : count(0), dim(tensor.dims() > 0 ? tensor.dim_size(tensor.dims() - 1) : 1) {
    count = dim > 0 ? tensor.NumElements() / dim : 0;
  }
};

TensorShape vector(int64_t size) { return TensorShape({size}); }

// f(begin, end, sums) over rows in parts with sums of their own, which are then added to `totals` (width floats).
template <class F>
void sum_rows(OpKernelContext* context, int64_t rows, int64_t width, int64_t cost, float* totals, F f) {
  const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(16, rows / 8));
  Tensor memory;
  OP_REQUIRES_OK(context, context->allocate_temp(DT_FLOAT, TensorShape({parts, width}), &memory));
  float* sums = memory.flat<float>().data();
  std::fill(sums, sums + parts * width, 0.f);
  parallel(context, parts, cost * (rows / parts + 1), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) f(rows * p / parts, rows * (p + 1) / parts, sums + p * width);
  });
  std::copy(sums, sums + width, totals);
  for (int64_t p = 1; p < parts; p++)
    for (int64_t i = 0; i < width; i++) totals[i] += sums[p * width + i];
}

absl::Status same_as(InferenceContext* c, std::initializer_list<int> inputs) {
  int index = 0;
  for (const int input : inputs) c->set_output(index++, c->input(input));
  return absl::OkStatus();
}

#define AUDIO_SSL_KERNEL(NAME)                         \
  REGISTER_KERNEL_BUILDER(Name(#NAME).Device(DEVICE_CPU), NAME)

REGISTER_OP("AudioSslMatMulTransposed")
    .Input("a: float").Input("b: float").Output("c: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->Matrix(c->Dim(c->input(0), 0), c->Dim(c->input(1), 0)));
      return absl::OkStatus();
    });
struct AudioSslMatMulTransposed : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Tensor &a = c->input(0), &b = c->input(1);
    const int64_t rows = a.dim_size(0), inner = a.dim_size(1), columns = b.dim_size(0);
    OP_REQUIRES(c, inner == b.dim_size(1), absl::InvalidArgumentError("AudioSslMatMulTransposed: inner sizes differ"));
    const Product product{rows, columns, inner, in(c, 0), in(c, 1), out(c, 0, TensorShape({rows, columns}))};
    if (!c->status().ok()) return;
    const int64_t parts = kernels().product_parts(product, c->device()->tensorflow_cpu_worker_threads()->num_threads);
    parallel(c, parts, rows * columns / parts * inner / 8, [&](int64_t from, int64_t to) {
      for (int64_t part = from; part < to; part++) kernels().product_part(product, part, parts);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslMatMulTransposed);

REGISTER_OP("AudioSslLayerNorm")
    .Input("x: float").Input("weight: float").Input("bias: float").Attr("epsilon: float")
    .Output("y: float").Output("mean: float").Output("inverse: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->input(0));
      for (int i : {1, 2}) c->set_output(i, c->UnknownShapeOfRank(1));
      return absl::OkStatus();
    });
struct AudioSslLayerNorm : OpKernel {
  float epsilon;
  explicit AudioSslLayerNorm(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("epsilon", &epsilon)); }
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(0));
    const float *x = in(c, 0), *weight = in(c, 1), *bias = in(c, 2);
    float *y = out(c, 0, c->input(0).shape()), *mean = out(c, 1, vector(rows.count)), *inverse = out(c, 2, vector(rows.count));
    if (!c->status().ok()) return;
    parallel(c, rows.count, rows.dim * 4, [&](int64_t from, int64_t to) {
      kernels().layer_norm(x + from * rows.dim, weight, bias, epsilon, to - from, rows.dim, y + from * rows.dim,
                           mean + from, inverse + from);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslLayerNorm);

REGISTER_OP("AudioSslLayerNormGrad")
    .Input("dy: float").Input("x: float").Input("weight: float").Input("mean: float").Input("inverse: float")
    .Output("dx: float").Output("dweight: float").Output("dbias: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {1, 2, 2}); });
struct AudioSslLayerNormGrad : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(1));
    const float *dy = in(c, 0), *x = in(c, 1), *weight = in(c, 2), *mean = in(c, 3), *inverse = in(c, 4);
    float *dx = out(c, 0, c->input(1).shape(), 0), *dweight = out(c, 1, vector(rows.dim)), *dbias = out(c, 2, vector(rows.dim));
    if (!c->status().ok()) return;
    Tensor memory;
    OP_REQUIRES_OK(c, c->allocate_temp(DT_FLOAT, vector(2 * rows.dim), &memory));
    float* both = memory.flat<float>().data();
    sum_rows(c, rows.count, 2 * rows.dim, rows.dim * 8, both, [&](int64_t from, int64_t to, float* sums) {
      kernels().layer_norm_grad(dy + from * rows.dim, x + from * rows.dim, weight, mean + from, inverse + from,
                                to - from, rows.dim, dx + from * rows.dim, sums, sums + rows.dim);
    });
    std::copy(both, both + rows.dim, dweight);
    std::copy(both + rows.dim, both + 2 * rows.dim, dbias);
  }
};
AUDIO_SSL_KERNEL(AudioSslLayerNormGrad);

REGISTER_OP("AudioSslBiasGelu")
    .Input("x: float").Input("bias: float").Output("y: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {0}); });
struct AudioSslBiasGelu : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(0));
    const float *x = in(c, 0), *bias = in(c, 1);
    float* y = out(c, 0, c->input(0).shape(), 0);
    if (!c->status().ok()) return;
    parallel(c, rows.count, rows.dim * 6, [&](int64_t from, int64_t to) {
      kernels().bias_gelu(x + from * rows.dim, bias, to - from, rows.dim, y + from * rows.dim);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslBiasGelu);

REGISTER_OP("AudioSslBiasGeluGrad")
    .Input("dy: float").Input("x: float").Input("bias: float").Output("dx: float").Output("dbias: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {1, 2}); });
struct AudioSslBiasGeluGrad : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(1));
    const float *dy = in(c, 0), *x = in(c, 1), *bias = in(c, 2);
    float *dx = out(c, 0, c->input(1).shape(), 0), *dbias = out(c, 1, vector(rows.dim));
    if (!c->status().ok()) return;
    sum_rows(c, rows.count, rows.dim, rows.dim * 8, dbias, [&](int64_t from, int64_t to, float* sums) {
      kernels().bias_gelu_grad(dy + from * rows.dim, x + from * rows.dim, bias, to - from, rows.dim,
                               dx + from * rows.dim, sums);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslBiasGeluGrad);

REGISTER_OP("AudioSslColumnSum")
    .Input("x: float").Output("sums: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->UnknownShapeOfRank(1));
      return absl::OkStatus();
    });
struct AudioSslColumnSum : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(0));
    const float* x = in(c, 0);
    float* sums = out(c, 0, vector(rows.dim));
    if (!c->status().ok()) return;
    sum_rows(c, rows.count, rows.dim, rows.dim, sums, [&](int64_t from, int64_t to, float* part) {
      kernels().column_sum(x + from * rows.dim, to - from, rows.dim, part);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslColumnSum);

REGISTER_OP("AudioSslSharpen")
    .Input("x: float").Input("center: float").Input("temperature: float").Output("y: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {0}); });
struct AudioSslSharpen : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(0));
    const float *x = in(c, 0), *center = in(c, 1), inverse = 1 / scalar(c, 2);
    float* y = out(c, 0, c->input(0).shape(), 0);
    if (!c->status().ok()) return;
    parallel(c, rows.count, rows.dim * 6, [&](int64_t from, int64_t to) {
      kernels().softmax(x + from * rows.dim, center, inverse, to - from, rows.dim, y + from * rows.dim);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslSharpen);

REGISTER_OP("AudioSslCrossEntropy")
    .Input("x: float").Input("target: float").Input("temperature: float").Output("loss: float").Output("normalizer: float")
    .SetShapeFn([](InferenceContext* c) {
      for (int i : {0, 1}) c->set_output(i, c->UnknownShapeOfRank(1));
      return absl::OkStatus();
    });
struct AudioSslCrossEntropy : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(0));
    const float *x = in(c, 0), *target = in(c, 1), inverse = 1 / scalar(c, 2);
    float *loss = out(c, 0, vector(rows.count)), *normalizer = out(c, 1, vector(rows.count));
    if (!c->status().ok()) return;
    parallel(c, rows.count, rows.dim * 6, [&](int64_t from, int64_t to) {
      kernels().cross_entropy(x + from * rows.dim, target + from * rows.dim, inverse, to - from, rows.dim, loss + from,
                              normalizer + from);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslCrossEntropy);

REGISTER_OP("AudioSslCrossEntropyGrad")
    .Input("dloss: float").Input("x: float").Input("target: float").Input("normalizer: float").Input("temperature: float")
    .Output("dx: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {1}); });
struct AudioSslCrossEntropyGrad : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const Rows rows(c->input(1));
    const float *dloss = in(c, 0), *x = in(c, 1), *target = in(c, 2), *normalizer = in(c, 3), inverse = 1 / scalar(c, 4);
    float* dx = out(c, 0, c->input(1).shape(), 1);
    if (!c->status().ok()) return;
    parallel(c, rows.count, rows.dim * 6, [&](int64_t from, int64_t to) {
      kernels().cross_entropy_grad(dloss + from, x + from * rows.dim, target + from * rows.dim, normalizer + from,
                                   inverse, to - from, rows.dim, dx + from * rows.dim);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslCrossEntropyGrad);

AttentionSizes attention_sizes(const Tensor& qkv, int64_t heads, int64_t first) {
  return {qkv.dim_size(1), heads, qkv.dim_size(2) / (3 * heads), first};
}

REGISTER_OP("AudioSslAttention")
    .Input("qkv: float").Attr("heads: int").Attr("first: int").Output("out: float").Output("normalizer: float")
    .SetShapeFn([](InferenceContext* c) {
      for (int i : {0, 1}) c->set_output(i, c->UnknownShapeOfRank(3));
      return absl::OkStatus();
    });
struct AudioSslAttention : OpKernel {
  int64_t heads, first;
  explicit AudioSslAttention(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("heads", &heads));
    OP_REQUIRES_OK(c, c->GetAttr("first", &first));
  }
  void Compute(OpKernelContext* c) override {
    const Tensor& input = c->input(0);
    const AttentionSizes sizes = attention_sizes(input, heads, first);
    const int64_t batch = input.dim_size(0), queries = sizes.count - first, width = heads * sizes.head_dim;
    const float* qkv = in(c, 0);
    float *o = out(c, 0, TensorShape({batch, queries, width})), *normalizer = out(c, 1, TensorShape({batch, heads, queries}));
    if (!c->status().ok() || queries == 0) return;
    // Few heads, as in extraction of one clip: their queries are shared out as well.
    const int64_t parts = batch * heads >= 16 ? 1 : std::max<int64_t>(1, std::min<int64_t>(4, queries / 48));
    const int64_t scratch = kernels().attention_scratch(sizes, false);
    parallel(c, batch * heads * parts, 4 * sizes.count * queries * sizes.head_dim / parts, [&](int64_t from, int64_t to) {
      std::vector<float> memory(scratch);
      for (int64_t unit = from; unit < to; unit++) {
        const int64_t clip = unit / (heads * parts), head = unit / parts % heads, part = unit % parts;
        kernels().attention(sizes, head, first + queries * part / parts, first + queries * (part + 1) / parts,
                            qkv + clip * sizes.count * 3 * width, memory.data(), o + clip * queries * width,
                            normalizer + clip * heads * queries);
      }
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslAttention);

REGISTER_OP("AudioSslAttentionGrad")
    .Input("dout: float").Input("qkv: float").Input("out: float").Input("normalizer: float").Attr("heads: int")
    .Attr("first: int").Output("dqkv: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {1}); });
struct AudioSslAttentionGrad : OpKernel {
  int64_t heads, first;
  explicit AudioSslAttentionGrad(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("heads", &heads));
    OP_REQUIRES_OK(c, c->GetAttr("first", &first));
  }
  void Compute(OpKernelContext* c) override {
    const Tensor& input = c->input(1);
    const AttentionSizes sizes = attention_sizes(input, heads, first);
    const int64_t batch = input.dim_size(0), queries = sizes.count - first, width = heads * sizes.head_dim;
    const float *dout = in(c, 0), *qkv = in(c, 1), *o = in(c, 2), *normalizer = in(c, 3);
    float* dqkv = out(c, 0, input.shape());
    if (!c->status().ok()) return;
    const int64_t scratch = kernels().attention_scratch(sizes, true);
    parallel(c, batch * heads, 10 * sizes.count * queries * sizes.head_dim, [&](int64_t from, int64_t to) {
      std::vector<float> memory(scratch);
      for (int64_t unit = from; unit < to; unit++) {
        const int64_t clip = unit / heads, at = clip * queries * width, whole = clip * sizes.count * 3 * width;
        kernels().attention_grad(sizes, unit % heads, dout + at, qkv + whole, o + at,
                                 normalizer + clip * heads * queries, memory.data(), dqkv + whole);
      }
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslAttentionGrad);

REGISTER_OP("AudioSslAdamW")
    .Input("param: float").Input("grad: float").Input("first: float").Input("second: float").Input("rate: float")
    .Input("floor: float").Input("kept: float").Input("scale: float").Attr("beta1: float").Attr("beta2: float")
    .Attr("rest1: float").Attr("rest2: float").Attr("in_place: bool = false").Output("next: float").Output("next_first: float").Output("next_second: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {0, 0, 0}); });
struct AudioSslAdamW : OpKernel {
  float beta1, beta2, rest1, rest2;
  bool in_place;
  explicit AudioSslAdamW(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("beta1", &beta1));
    OP_REQUIRES_OK(c, c->GetAttr("beta2", &beta2));
    OP_REQUIRES_OK(c, c->GetAttr("rest1", &rest1));
    OP_REQUIRES_OK(c, c->GetAttr("rest2", &rest2));
    OP_REQUIRES_OK(c, c->GetAttr("in_place", &in_place));
  }
  void Compute(OpKernelContext* c) override {
    const TensorShape& shape = c->input(0).shape();
    const float *p = in(c, 0), *g = in(c, 1), *m = in(c, 2), *v = in(c, 3);
    const AdamW values{beta1, beta2, rest1, rest2, scalar(c, 6), scalar(c, 4), scalar(c, 5), scalar(c, 7)};
    float *np = over(c, in_place, 0, 0), *nm = over(c, in_place, 1, 2), *nv = over(c, in_place, 2, 3);
    if (!c->status().ok()) return;
    parallel(c, shape.num_elements(), 12, [&](int64_t from, int64_t to) {
      kernels().adam_w(values, p + from, g + from, m + from, v + from, to - from, np + from, nm + from, nv + from);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslAdamW);

REGISTER_OP("AudioSslAverage")
    .Input("slow: float").Input("fast: float").Input("taken: float").Attr("in_place: bool = false").Output("next: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {0}); });
struct AudioSslAverage : OpKernel {
  bool in_place;
  explicit AudioSslAverage(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("in_place", &in_place)); }
  void Compute(OpKernelContext* c) override {
    const TensorShape& shape = c->input(0).shape();
    const float *slow = in(c, 0), *fast = in(c, 1), taken = scalar(c, 2);
    float* next = over(c, in_place, 0, 0);
    if (!c->status().ok()) return;
    parallel(c, shape.num_elements(), 4, [&](int64_t from, int64_t to) {
      kernels().average(slow + from, fast + from, taken, to - from, next + from);
    });
  }
};
AUDIO_SSL_KERNEL(AudioSslAverage);

REGISTER_OP("AudioSslSquaredSum")
    .Input("x: float").Output("sum: float")
    .SetShapeFn([](InferenceContext* c) {
      c->set_output(0, c->Scalar());
      return absl::OkStatus();
    });
struct AudioSslSquaredSum : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override {
    const float* x = in(c, 0);
    const int64_t size = c->input(0).NumElements();
    float* sum = out(c, 0, TensorShape({}));
    if (c->status().ok()) *sum = static_cast<float>(kernels().squared_sum(x, size));
  }
};
AUDIO_SSL_KERNEL(AudioSslSquaredSum);

REGISTER_OP("AudioSslAfter")
    .Input("x: float").Input("trigger: float").Output("y: float")
    .SetShapeFn([](InferenceContext* c) { return same_as(c, {0}); });
// x as it is, once `trigger` is there: what recomputation and accumulation wait for. TensorFlow runs whatever can run,
// merges what is computed twice, and removes its own identities.
struct AudioSslAfter : OpKernel {
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* c) override { c->set_output(0, c->input(0)); }
};
AUDIO_SSL_KERNEL(AudioSslAfter);

}  // namespace
}  // namespace audio_ssl
