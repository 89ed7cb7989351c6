#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Mean over the first R ranks of precision at the ranks that are relevant (Musgrave, Belongie, Lim 2020,
/// section 3.2):
///   1/R sum_{i <= R} rel_i (sum_{j <= i} rel_j) / i
class MapAtR final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MeanAveragePrecisionAtR", "MAPR"};
  using Params = DistanceParams;
  explicit MapAtR(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "map_at_r"; }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t largest_count) const override { return largest_count; }
  at::Tensor per_query(const Ranking& ranking) const override {
    const auto relevant = relevant_within(ranking, ranking.relevant_count);
    const auto rank = at::arange(1, relevant.size(1) + 1, at::kDouble).unsqueeze(0);
    return (relevant * relevant.cumsum(1) / rank).sum(1) / as_double(ranking.relevant_count);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, MapAtR, "kindred.map_at_r", "1.0.0",
                  "Mean average precision over the first R ranks");
}  // namespace kindred
