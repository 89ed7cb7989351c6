#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Share of relevant samples among the R nearest neighbours, R being how many there are (Musgrave, Belongie,
/// Lim 2020, section 3.2): sum_{i <= R} rel_i / R.
class RPrecision final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"RetrievalRPrecision"};
  using Params = DistanceParams;
  explicit RPrecision(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "r_precision"; }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t largest_count) const override { return largest_count; }
  at::Tensor per_query(const Ranking& ranking) const override {
    return relevant_within(ranking, ranking.relevant_count).sum(1) / as_double(ranking.relevant_count);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, RPrecision, "kindred.r_precision", "1.0.0",
                  "Share of relevant samples among the R nearest, R = how many relevant ones there are");
}  // namespace kindred
