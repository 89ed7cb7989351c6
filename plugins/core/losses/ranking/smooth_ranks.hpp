#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "kindred/pairs.hpp"

namespace kindred {

/// Ranks of positives, made smooth (Brown et al. 2020, eqs. 6 and 8). For a row q of similarities s and one
/// of its positives i, with sigma(x) = 1 / (1 + exp(-x)):
///   among    1 + sum_{j in P(q), j != i} sigma((s_qj - s_qi) / temperature)
///   overall  the same over P(q) and N(q)
struct SmoothRanks {
  at::Tensor among, overall;  ///< (B, K), some positives of each row
};

/// What a loss makes of the ranks of each positive, and its derivatives; (B, K) each.
struct RankTerm {
  at::Tensor value, by_among, by_overall;
};

/// sum_q sum_{i in P(q)} weight_q term(ranks of i), a scalar. similarities (B, R); weight (B), without a
/// gradient. The gradient is made on the way, so that memory is O(B R) whatever the number of positives.
at::Tensor sum_over_ranks(const at::Tensor& similarities, const PairMasks& masks, const at::Tensor& weight,
                          double temperature, const std::function<RankTerm(const SmoothRanks&)>& term);

/// The same by operators, for other devices: one positive of all rows at a time.
at::Tensor sum_over_ranks_by_positives(const at::Tensor& similarities, const PairMasks& masks,
                                       const at::Tensor& weight, double temperature,
                                       const std::function<RankTerm(const SmoothRanks&)>& term);

}  // namespace kindred
