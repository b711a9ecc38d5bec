// Eight blocks of the resampler in src/resample-by-blocks.ts, in single precision; a lane holds two blocks that follow each
// other, as real and imaginary part of one signal.
#include "fft.h"

// src/resample-by-kernel.ts writes these.
typedef struct {
  int inputs, outputs;     // of a block
  int hop;                 // inputs from one block to the next
  int skipped, kept;       // outputs of a block: those that its ends spoil, and those behind them that are kept
  Transform forward, back;
  int response_count;
  const float *response;   // gains of the frequencies 0, 1, ... of a block
  Complex *work, *spare;   // as many as there are inputs or outputs, whichever is more
} Resampler;

// Reads blocks from `in` on, and puts what is kept of each one at `out`, `apart` from each other; `apart` is the number of
// kept outputs, rounded up to a multiple of four.
EXPORT("resample") void resample(const Resampler *o, const float *in, float *out, int apart) {
  for (int i = 0; i < o->inputs; i += 4) {
    const Square re = load_turned(in + i, 2 * o->hop), im = load_turned(in + o->hop + i, 2 * o->hop);
    for (int j = 0; j < 4; j++) o->work[i + j] = (Complex){re.row[j], im.row[j]};
  }
  Complex *const x = transform(o->forward, o->work, o->spare);
  Complex *const y = x == o->work ? o->spare : o->work;
  // Each frequency k goes, as loud as the filter lets it through, to k modulo the outputs.
  const int outputs = o->outputs;
  for (int i = 0; i < outputs; i++) y[i] = (Complex){all(0), all(0)};
  int to = (1 - o->response_count) % outputs;
  if (to < 0) to += outputs;
  for (int k = 1 - o->response_count; k < o->response_count; k++) {
    const Vector gain = wasm_v128_load32_splat(o->response + (k < 0 ? -k : k));
    const Complex from = x[k < 0 ? k + o->inputs : k];
    // Real and imaginary part exchanged make of the transform its inverse.
    y[to] = (Complex){plus(y[to].re, times(gain, from.im)), plus(y[to].im, times(gain, from.re))};
    if (++to == outputs) to = 0;
  }
  const Complex *const z = transform(o->back, y, x) + o->skipped;
  for (int i = 0; i < o->kept; i += 4) {
    const Square even = turned(z[i].im, z[i + 1].im, z[i + 2].im, z[i + 3].im);
    const Square odd = turned(z[i].re, z[i + 1].re, z[i + 2].re, z[i + 3].re);
    for (int lane = 0; lane < 4; lane++) {
      wasm_v128_store(out + 2 * lane * apart + i, even.row[lane]);
      wasm_v128_store(out + (2 * lane + 1) * apart + i, odd.row[lane]);
    }
  }
}
