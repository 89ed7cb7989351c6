#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Mean average precision (Manning, Raghavan, Schütze 2008, section 8.4) of the k nearest: the sum of the
/// precisions at relevant ranks,
///   sum_{i <= k} rel_i (sum_{j <= i} rel_j) / i
/// over `denominator`. The usual names hide which it is, so it is part of this one.
class MapAtK final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MAP", "MeanAveragePrecision"};
  struct Params {
    int64_t k = 10;
    std::string denominator = "min_k_r";
    std::string distance = "cosine";
    static void describe(Schema<Params>& schema) {
      schema.field("k", &Params::k).doc("How many nearest neighbours count.").range(1, 1000000);
      schema.field("denominator", &Params::denominator)
          .doc(
              "min_k_r: how many could be found. r: how many relevant samples there are. hits: how many were "
              "found.")
          .one_of({"min_k_r", "r", "hits"});
      schema.field("distance", &Params::distance).doc("What orders the neighbours.").one_of(distance_names());
    }
  };
  explicit MapAtK(Params params) : params_(std::move(params)) {}
  std::string name() const override {
    return "map_at_" + std::to_string(params_.k) + "_over_" + params_.denominator;
  }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return params_.k; }
  at::Tensor per_query(const Ranking& ranking) const override {
    const auto limit = at::full({ranking.relevant.size(0)}, params_.k, at::kLong);
    const auto relevant = relevant_within(ranking, limit);
    const auto rank = at::arange(1, relevant.size(1) + 1, at::kDouble).unsqueeze(0);
    const auto sum = (relevant * relevant.cumsum(1) / rank).sum(1);
    if (params_.denominator == "hits") return sum / relevant.sum(1).clamp_min(1);
    return sum / as_double(params_.denominator == "r" ? ranking.relevant_count
                                                      : ranking.relevant_count.clamp_max(params_.k));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, MapAtK, "kindred.map_at_k", "1.0.0", "Mean average precision of the k nearest");
}  // namespace kindred
