#include "host/training/collapse_watch.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "kindred/distance.hpp"

namespace kindred::host {
namespace {

constexpr double kCollapsedNorm = 0.999;  // of the mean of normalised embeddings: all point one way
constexpr int64_t kFewestRows = 8;

}  // namespace

void CollapseWatch::look_at(const at::Tensor& embeddings) {
  if (is_over() || embeddings.size(0) < kFewestRows) return;
  at::NoGradGuard no_grad;
  const auto unit = l2_normalized(embeddings.detach());
  const double norm = unit.mean(0).norm().item<double>();
  if (norm < kCollapsedNorm) return;
  is_over_ = true;
  context_.warning(fmt::format(
      "the embeddings have collapsed: all point into nearly the same direction (mean cosine {:.4f}); try a "
      "lower learning rate, a larger batch or another mining",
      norm * norm));
}

}  // namespace kindred::host
