#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Found relevant samples among the k nearest neighbours, over how many there are (Manning, Raghavan, Schütze
/// 2008, sections 8.3 and 8.4): sum_{i <= k} rel_i / R. What papers on metric learning call "Recall@K" (since
/// Song et al. 2016, after Jégou, Douze, Schmid 2011) is `any`: 1 when at least one is found.
class RecallAtK final : public Metric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"Recall", "R@K", "HitRate", "RetrievalRecall",
                                                 "RetrievalHitRate"};
  struct Params {
    int64_t k = 1;
    bool any = false;
    std::string distance = "cosine";
    static void describe(Schema<Params>& schema) {
      schema.field("k", &Params::k).doc("How many nearest neighbours count.").range(1, 1000000);
      schema.field("any", &Params::any)
          .doc(
              "1 when at least one relevant sample is among them (\"Recall@K\" of metric learning papers), "
              "named "
              "any_recall_at_k; otherwise their share of all relevant ones.");
      schema.field("distance", &Params::distance).doc("What orders the neighbours.").one_of(distance_names());
    }
  };

  explicit RecallAtK(Params params) : params_(std::move(params)) {}
  std::string name() const override {
    return (params_.any ? "any_recall_at_" : "recall_at_") + std::to_string(params_.k);
  }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return params_.k; }
  at::Tensor per_query(const Ranking& ranking) const override {
    const auto found =
        relevant_within(ranking, at::full({ranking.relevant.size(0)}, params_.k, at::kLong)).sum(1);
    return params_.any ? found.clamp_max(1) : found / as_double(ranking.relevant_count);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, RecallAtK, "kindred.recall_at_k", "1.0.0",
                  "Share of all relevant samples that are among the k nearest");
}  // namespace kindred
