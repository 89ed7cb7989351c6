#include <ATen/ATen.h>

#include <algorithm>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Normalised discounted cumulative gain of the k nearest (Järvelin, Kekäläinen 2002; the discount of Burges
/// et al. 2005), relevance 0 or 1, over that of the best order, in which relevant ones are first:
///   sum_{i <= k} rel_i / log2(i + 1)  /  sum_{i <= min(k, R)} 1 / log2(i + 1)
class NdcgAtK final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"NDCG"};
  using Params = NearestParams;
  explicit NdcgAtK(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "ndcg_at_" + std::to_string(params_.k); }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return params_.k; }
  at::Tensor per_query(const Ranking& ranking) const override {
    const auto limit = at::full({ranking.relevant.size(0)}, params_.k, at::kLong);
    const auto relevant = relevant_within(ranking, limit);
    const auto gain = 1 / at::arange(2, relevant.size(1) + 2, at::kDouble).log2();
    const auto best = gain.cumsum(0).index_select(
        0, ranking.relevant_count.clamp(1, std::min(params_.k, relevant.size(1))) - 1);
    return (relevant * gain).sum(1) / best;
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, NdcgAtK, "kindred.ndcg_at_k", "1.0.0",
                  "Discounted gain of the k nearest over that of the best order");
}  // namespace kindred
