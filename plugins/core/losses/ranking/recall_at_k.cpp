#include <ATen/ATen.h>

#include <algorithm>

#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "smooth_ranks.hpp"

namespace kindred {
namespace {

/// Recall@k surrogate (Patel, Tolias, Matas 2022, eqs. 3 to 6), on cosine similarities and smooth ranks r:
///   1 - mean_q mean_k sum_{p in P(q)} sigma((k - r_qp) / temperature) / min(k, |P(q)|)
/// over the anchors that have a positive. Half a rank is added to k, so that the step lies between two ranks.
class RecallAtKLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"RecallAtKLoss", "SurrogateRecall"};
  struct Params {
    std::vector<int64_t> ks = {1, 2, 4, 8, 16};
    double temperature = 1.0;
    double rank_temperature = 0.01;
    static void describe(Schema<Params>& schema) {
      schema.field("ks", &Params::ks).doc("The ranks k that count.").range(1, 1000000);
      schema.field("temperature", &Params::temperature)
          .doc("Of the sigmoid that replaces the step at rank k.")
          .unit("ranks")
          .range(0.001, 1000);
      schema.field("rank_temperature", &Params::rank_temperature)
          .doc("Of the sigmoid that replaces the step in the ranks.")
          .range(0.0001, 10);
    }
  };

  explicit RecallAtKLoss(const Params& params) : params_(params) {
    if (params.ks.empty()) params_.ks = Params().ks;
  }

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto s = cosine_similarities(batch);
    const auto positives = counts_of_chosen(batch.masks.positive);
    const auto count = positives.to(s.scalar_type()).clamp_min(1);
    const auto queries = (positives > 0).sum().to(s.scalar_type());
    const auto recall = sum_over_ranks(
        s, batch.masks, at::ones_like(count), params_.rank_temperature, [&](const SmoothRanks& ranks) {
          auto value = at::zeros_like(ranks.overall), slope = at::zeros_like(value);
          for (const auto k : params_.ks) {
            const auto share =
                (count.clamp_max(static_cast<double>(k)) * static_cast<double>(params_.ks.size()))
                    .unsqueeze(1);
            const auto inside =
                ((static_cast<double>(k) + 0.5 - ranks.overall) / params_.temperature).sigmoid();
            value += inside / share;
            slope -= inside * (1 - inside) / params_.temperature / share;
          }
          return RankTerm{value, at::zeros_like(value), slope};
        });
    return one_sum(queries - recall, queries);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, RecallAtKLoss, "kindred.recall_at_k_surrogate", "1.0.0",
                  "Recall among the first k with sigmoids in place of steps");
}  // namespace kindred
