#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Relevant samples among the k nearest neighbours, over k or over how many could be found (Manning,
/// Raghavan, Schütze 2008, section 8.4; min(k, R) as in open-metric-learning):
///   sum_{i <= k} rel_i / k,  or over min(k, R)
class PrecisionAtK final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"RetrievalPrecision"};
  struct Params {
    int64_t k = 1;
    std::string denominator = "k";
    std::string distance = "cosine";
    static void describe(Schema<Params>& schema) {
      schema.field("k", &Params::k).doc("How many nearest neighbours count.").range(1, 1000000);
      schema.field("denominator", &Params::denominator)
          .doc("k, or min_k_r: no more than R can be found; the name then says so.")
          .one_of({"k", "min_k_r"});
      schema.field("distance", &Params::distance).doc("What orders the neighbours.").one_of(distance_names());
    }
  };
  explicit PrecisionAtK(Params params) : params_(std::move(params)) {}
  std::string name() const override {
    return "precision_at_" + std::to_string(params_.k) + (params_.denominator == "k" ? "" : "_over_min_k_r");
  }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return params_.k; }
  at::Tensor per_query(const Ranking& ranking) const override {
    const auto limit = at::full({ranking.relevant.size(0)}, params_.k, at::kLong);
    const auto found = relevant_within(ranking, limit).sum(1);
    return params_.denominator == "k" ? found / static_cast<double>(params_.k)
                                      : found / as_double(ranking.relevant_count.clamp_max(params_.k));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, PrecisionAtK, "kindred.precision_at_k", "1.0.0",
                  "Share of relevant samples among the k nearest");
}  // namespace kindred
