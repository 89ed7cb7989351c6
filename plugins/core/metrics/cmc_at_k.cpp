#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Cumulative match characteristic at rank k: whether a relevant sample is among the k nearest, that is, the
/// rank of the nearest relevant one is at most k (Gray, Brennan, Tao 2007).
class CmcAtK final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CMC", "Rank1"};
  using Params = NearestParams;
  explicit CmcAtK(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "cmc_at_" + std::to_string(params_.k); }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return 1; }  // the first relevant rank is known whatever the depth
  at::Tensor per_query(const Ranking& ranking) const override {
    return (ranking.first_relevant > 0).logical_and(ranking.first_relevant <= params_.k).to(at::kDouble);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, CmcAtK, "kindred.cmc_at_k", "1.0.0",
                  "Share of queries with a relevant sample among the k nearest");
}  // namespace kindred
