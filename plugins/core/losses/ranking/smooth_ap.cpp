#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "smooth_ranks.hpp"

namespace kindred {
namespace {

/// Smooth-AP (Brown et al. 2020, eq. 8), on cosine similarities: one minus the average precision of the
/// smooth ranks,
///   1 - mean_q 1/|P(q)| sum_{i in P(q)} rank of i among P(q) / rank of i among all
/// over the anchors that have a positive.
class SmoothApLoss final : public AnchorLoss {
 public:
  struct Params {
    double temperature = 0.01;
    static void describe(Schema<Params>& schema) {
      schema.field("temperature", &Params::temperature)
          .doc("Of the sigmoid that replaces the step; smaller is closer to average precision.")
          .range(0.0001, 10);
    }
  };

  explicit SmoothApLoss(const Params& params) : params_(params) {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto s = cosine_similarities(batch);
    const auto count = counts_of_chosen(batch.masks.positive).to(s.scalar_type());
    const auto queries = (count > 0).sum().to(s.scalar_type());
    const auto weight = 1 / count.clamp_min(1);
    const auto precision =
        sum_over_ranks(s, batch.masks, weight, params_.temperature, [](const SmoothRanks& ranks) {
          const auto value = ranks.among / ranks.overall;
          return RankTerm{value, 1 / ranks.overall, -value / ranks.overall};
        });
    return one_sum(queries - precision, queries);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SmoothApLoss, "kindred.smooth_ap", "1.0.0",
                  "Average precision with sigmoids in place of steps");
}  // namespace kindred
