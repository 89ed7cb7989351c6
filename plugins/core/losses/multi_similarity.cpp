#include <ATen/ATen.h>

#include <limits>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pairs.hpp"

namespace kindred {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Multi-similarity loss (Wang et al. 2019, eq. 8 and, for mining, eqs. 9-10), on cosine similarities s:
///   l_i = log(1 + sum_p exp(-alpha (s_ip - base))) / alpha + log(1 + sum_n exp(beta (s_in - base))) / beta
/// averaged over the batch. Mining keeps positives with s_ip - epsilon < max_n s_in and negatives with
/// s_in + epsilon > min_p s_ip.
class MultiSimilarityLoss final : public Loss {
 public:
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

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto x = l2_normalized(embeddings);
    const auto similarity = x.matmul(x.t());
    auto masks = pair_masks(labels);
    if (params_.mining) mine(similarity.detach(), masks);
    const auto positive =
        log_one_plus_sum(-params_.alpha * (similarity - params_.base), masks.positive) / params_.alpha;
    const auto negative =
        log_one_plus_sum(params_.beta * (similarity - params_.base), masks.negative) / params_.beta;
    return (positive + negative).mean();
  }

 private:
  void mine(const at::Tensor& similarity, PairMasks& masks) const {
    const auto hardest_negative =
        similarity.masked_fill(masks.negative.logical_not(), -kInfinity).amax(1, true);
    const auto hardest_positive =
        similarity.masked_fill(masks.positive.logical_not(), kInfinity).amin(1, true);
    // An anchor without the other kind keeps nothing: the comparison with an infinity fails.
    const auto positive = masks.positive.logical_and(similarity - params_.epsilon < hardest_negative);
    const auto negative = masks.negative.logical_and(similarity + params_.epsilon > hardest_positive);
    masks = {positive, negative};
  }

  /// log(1 + sum over the chosen entries of exp(x)) per row, without overflow.
  static at::Tensor log_one_plus_sum(const at::Tensor& x, const at::Tensor& chosen) {
    const auto kept = x.masked_fill(chosen.logical_not(), -kInfinity);
    return at::cat({kept, at::zeros({x.size(0), 1}, x.options())}, 1).logsumexp({1});
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, MultiSimilarityLoss, "kindred.multi_similarity", "1.0.0",
                  "Weights each pair by its own and its neighbours' similarity");
}  // namespace kindred
