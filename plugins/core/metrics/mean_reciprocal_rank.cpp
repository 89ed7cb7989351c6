#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// 1 / rank of the nearest relevant sample, whose mean over queries is the score of the question answering
/// track of TREC (Voorhees 1999).
class MeanReciprocalRank final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MRR", "RetrievalReciprocalRank"};
  using Params = DistanceParams;
  explicit MeanReciprocalRank(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "mean_reciprocal_rank"; }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return 1; }
  at::Tensor per_query(const Ranking& ranking) const override {
    return as_double(ranking.first_relevant).reciprocal();
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, MeanReciprocalRank, "kindred.mean_reciprocal_rank", "1.0.0",
                  "Mean of 1 / rank of the nearest relevant sample");
}  // namespace kindred
