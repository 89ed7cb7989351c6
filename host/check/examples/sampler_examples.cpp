#include "host/check/examples/sampler_examples.hpp"

#include <ATen/ATen.h>

#include "host/check/rule.hpp"

namespace kindred::host {

// Drawn once, so that later calls leave the global generator alone.
at::Tensor sampler_labels() {
  static const auto drawn = at::randperm(kSamplerRows, at::kLong).remainder(50);
  return drawn.clone();
}

void require_rows(const at::Tensor& rows) {
  require(rows.defined() && rows.dim() == 1 && rows.scalar_type() == at::kLong,
          "gives rows that are not int64 (B)");
  require(rows.numel() > 0, "gives no row");
  require(rows.min().item<int64_t>() >= 0 && rows.max().item<int64_t>() < kSamplerRows,
          "gives row numbers outside the data");
}

}  // namespace kindred::host
