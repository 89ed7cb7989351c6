#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
#include "core/miners/multi_similarity.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Multi-similarity loss (Wang et al. 2019, the definition of L_MS), on cosine similarities s:
///   l_i = log(1 + sum_p exp(-alpha (s_ip - base))) / alpha + log(1 + sum_n exp(beta (s_in - base))) / beta
/// averaged over the batch; with `mining`, of the pairs that multi_similarity_pairs() keeps.
class MultiSimilarityLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MSLoss", "MS"};
  struct Params {
    double alpha = 2.0;
    double beta = 50.0;
    double base = 0.5;
    bool mining = true;
    double epsilon = 0.1;
    static void describe(Schema<Params>& schema) {
      schema.field("alpha", &Params::alpha).doc("Steepness for positives.").range(0.01, 1000);
      schema.field("beta", &Params::beta).doc("Steepness for negatives.").range(0.01, 1000);
      schema.field("base", &Params::base).doc("The similarity that separates them.").range(-1, 1);
      schema.field("mining", &Params::mining)
          .doc("Whether only pairs near or beyond the other kind's hardest count.");
      schema.field("epsilon", &Params::epsilon).doc("How near, with mining.").range(0, 2);
    }
  };

  explicit MultiSimilarityLoss(const Params& params) : params_(params) {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto similarity = cosine_similarities(batch);
    const auto masks = params_.mining
                           ? multi_similarity_pairs(similarity.detach(), batch.masks, params_.epsilon)
                           : batch.masks;
    const auto positive =
        log_one_plus_sum(-params_.alpha * (similarity - params_.base), masks.positive) / params_.alpha;
    const auto negative =
        log_one_plus_sum(params_.beta * (similarity - params_.base), masks.negative) / params_.beta;
    return sums_of_all(positive + negative);
  }

 private:
  /// log(1 + sum over the chosen entries of exp(x)) per row.
  static at::Tensor log_one_plus_sum(const at::Tensor& x, const at::Tensor& chosen) {
    return log_one_plus_exp(masked_logsumexp(x, chosen, kNothing));
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, MultiSimilarityLoss, "kindred.multi_similarity", "1.0.0",
                  "Weights each pair by its own and its neighbours' similarity");
}  // namespace kindred
