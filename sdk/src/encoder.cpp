#include "kindred/encoder.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace kindred {

std::vector<std::vector<int64_t>> Encoder::stage_shapes(const Batch& sample) {
  at::NoGradGuard no_grad;
  std::vector<std::vector<int64_t>> shapes;
  auto x = prepare(sample, at::kFloat);
  const auto count = static_cast<int64_t>(stages().size());
  for (int64_t stage = 0; stage < count; ++stage) {
    x = run_stages(x, stage, stage + 1);
    shapes.emplace_back(x.sizes().begin() + 1, x.sizes().end());
  }
  return shapes;
}

}  // namespace kindred
