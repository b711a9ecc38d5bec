// Chooses the table of kernels that this processor can run.
#include "kernels.h"

namespace audio_ssl {

#if defined(__x86_64__)
extern const Kernels baseline, avx2, avx512;

const Kernels& kernels() {
  static const Kernels& best =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl")
          ? avx512
      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2
                                                                        : baseline;
  return best;
}
#else
extern const Kernels baseline;

const Kernels& kernels() { return baseline; }
#endif

}  // namespace audio_ssl
