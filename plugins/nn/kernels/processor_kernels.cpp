#include "nn/kernels/processor_kernels.hpp"

namespace kindred::nn {
namespace {

ProcessorKernels chosen_kernels() {
#if defined(__x86_64__)
  // What x86-64-v4 and -v3 have, for which the kernels are compiled.
  const bool has_v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool has_v4 = has_v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512cd");
  if (has_v4) return avx512_kernels();
  if (has_v3) return avx2_kernels();
#endif
  return {};
}

}  // namespace

ProcessorKernels& processor_kernels() {
  static ProcessorKernels chosen = chosen_kernels();
  return chosen;
}

}  // namespace kindred::nn
