#pragma once

#include <functional>

#include "nn/kernels/processor_kernels.hpp"

namespace kindred::nn {

/// Calls `test` with the kernels of each instruction set that this processor has, and with its name.
inline void for_each_instruction_set(const std::function<void(const char*)>& test) {
#if defined(__x86_64__)
  const auto best = processor_kernels();
  if (best.panel_columns == 0) return;
  test("the best");
  processor_kernels() = avx2_kernels();
  test("AVX2");
  processor_kernels() = best;
#else
  (void)test;
#endif
}

}  // namespace kindred::nn
