#include "pooling.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "kindred/distance.hpp"

namespace kindred {

at::Tensor pooled(const at::Tensor& states, const at::Tensor& present, const std::vector<Pooling>& modes) {
  const auto absent = present.logical_not().unsqueeze(-1);
  const auto sum = [&] { return states.masked_fill(absent, 0).sum(1); };
  const auto count = [&] { return present.sum(1, true).to(states.scalar_type()); };
  std::vector<at::Tensor> parts;
  for (const auto mode : modes) {
    switch (mode) {
      case Pooling::cls:
        parts.push_back(states.select(1, 0));
        break;
      case Pooling::max:
        parts.push_back(states.masked_fill(absent, -std::numeric_limits<double>::infinity()).amax(1));
        break;
      case Pooling::mean:
        parts.push_back(sum() / count());
        break;
      case Pooling::mean_sqrt_length:
        parts.push_back(sum() / count().sqrt());
        break;
    }
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts, 1);
}

at::Tensor unit_rows(const at::Tensor& rows) { return l2_normalized(rows); }

}  // namespace kindred
