#include "nn/dropout.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "kindred/random.hpp"

namespace kindred::nn {
namespace {

constexpr int64_t kDrawsPerTask = 1 << 15;

/// Returns a scale for each element of x: 0 with `probability`, else 1 / (1 - probability). LibTorch draws
/// one element after the other on one core, unless MKL does it on a processor of Intel's, and takes a tenth
/// of the time of the matrix product behind it. Here what an element gets depends on a seed, from LibTorch's
/// generator, and on its place alone, whatever the number of threads.
at::Tensor drawn_scales(const at::Tensor& x, double probability) {
  auto scales = at::empty(x.sizes(), x.options().requires_grad(false));
  const auto seed = static_cast<uint64_t>(at::empty({1}, at::kLong).random_().item<int64_t>());
  const auto threshold = static_cast<uint32_t>(probability * 0x1.0p32);
  const auto kept = static_cast<float>(1 / (1 - probability));
  auto* out = scales.data_ptr<float>();
  const int64_t count = scales.numel();
  // Two elements of 32 bits per draw.
  at::parallel_for(0, (count + 1) / 2, kDrawsPerTask, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t bits = splitmix64(seed + static_cast<uint64_t>(i));
      out[2 * i] = static_cast<uint32_t>(bits) < threshold ? 0.0f : kept;
      if (2 * i + 1 < count) out[2 * i + 1] = static_cast<uint32_t>(bits >> 32) < threshold ? 0.0f : kept;
    }
  });
  return scales;
}

}  // namespace

at::Tensor dropped(const at::Tensor& x, double probability, bool training) {
  if (probability <= 0 || !training) return x;
  if (!x.is_cpu() || x.scalar_type() != at::kFloat) return at::dropout(x, probability, true);
  return x * drawn_scales(x, probability);
}

}  // namespace kindred::nn
