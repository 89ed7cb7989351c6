#include "relevance.hpp"

#include <ATen/ATen.h>

namespace kindred {

at::Tensor relevant_within(const Ranking& ranking, const at::Tensor& limit) {
  const auto rank = at::arange(1, ranking.relevant.size(1) + 1, at::kLong).unsqueeze(0);
  return ranking.relevant.logical_and(rank <= limit.unsqueeze(1)).to(at::kDouble);
}

at::Tensor as_double(const at::Tensor& counts) { return counts.clamp_min(1).to(at::kDouble); }

}  // namespace kindred
