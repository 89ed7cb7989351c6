#include "host/refinement/query_expansion.hpp"

#include <ATen/ATen.h>

#include "kindred/distance.hpp"

namespace kindred::host {

at::Tensor expanded_queries(const at::Tensor& queries, const at::Tensor& neighbours, double alpha) {
  const auto similarity = at::bmm(neighbours, queries.unsqueeze(2)).squeeze(2);  // (Q, k)
  const auto weights = similarity.clamp_min(0).pow(alpha);                       // 0^0 is 1
  return l2_normalized(queries + at::bmm(weights.unsqueeze(1), neighbours).squeeze(1));
}

}  // namespace kindred::host
