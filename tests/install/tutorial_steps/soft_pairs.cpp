#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Samples of one class attract each other, others repel; a smooth step at the margin takes the place of a
/// hinge.
class SoftPairs final : public kindred::PairLoss {
 public:
  struct Params {
    double margin = 0.5;
    double sharpness = 10;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("margin", &Params::margin)
          .doc("Cosine distance at which a pair counts as far as it counts as near.")
          .range(0, 2);
      schema.field("sharpness", &Params::sharpness)
          .doc("How steep the step at the margin is; a hinge is infinitely steep.")
          .range(0.1, 1000);
    }
  };
  explicit SoftPairs(const Params& params) : params_(params) {}

  /// embeddings (B, D), references (R, D), masks bool (B, R) -> scalar.
  at::Tensor forward_pairs(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto beyond = params_.sharpness * (distances - params_.margin);
    return mean_over(batch.masks.positive, at::softplus(beyond)) +
           mean_over(batch.masks.negative, at::softplus(-beyond));
  }

 private:
  /// The mean of `values` (B, R) where `mask` (B, R) is true; zero, with a gradient path, where it nowhere
  /// is.
  static at::Tensor mean_over(const at::Tensor& mask, const at::Tensor& values) {
    return (values * mask).sum() / mask.sum().clamp_min(1);
  }

  Params params_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Loss, SoftPairs, "acme.soft_pairs", "0.1.0",
                  "Positive and negative pairs apart by a smooth margin");
KINDRED_PLUGIN("acme.plugin.soft_pairs", "0.1.0", "Apache-2.0", "A loss: soft_pairs");
