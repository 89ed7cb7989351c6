#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// CoSENT (Huang et al. 2024; Su 2022, kexue.fm/archives/9341, eq. 1): with cosines c and scores y of the
/// pairs,
///   log(1 + sum over y_i > y_j of exp(scale (c_j - c_i)))
/// so that only the order of the scores counts, not their values. Pairs with equal scores are not compared.
class CosentLoss final : public ScoredPairLoss {
 public:
  struct Params {
    double scale = 20.0;
    static void describe(Schema<Params>& schema) {
      schema.field("scale", &Params::scale)
          .doc("Larger values let the pairs in the wrong order dominate.")
          .range(0.001, 10000);
    }
  };

  explicit CosentLoss(const Params& params) : params_(params) {}

  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    const auto cosines = 1 - paired_distance(Distance::cosine, pairs.a, pairs.b);
    const auto gaps = params_.scale * (cosines.unsqueeze(0) - cosines.unsqueeze(1));  // (P, P): c_j - c_i
    const auto ordered = pairs.scores.unsqueeze(1) > pairs.scores.unsqueeze(0);
    const auto sum = masked_logsumexp(gaps.reshape({1, -1}), ordered.reshape({1, -1}), kNothing);
    return log_one_plus_exp(sum.squeeze(0));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, CosentLoss, "kindred.cosent", "1.0.0",
                  "Orders the cosines of the pairs as their scores are ordered");
}  // namespace kindred
