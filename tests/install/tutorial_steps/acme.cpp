#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace acme {

class PullLoss final : public kindred::PairLoss {
 public:
  struct Params {
    double strength = 1.0;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("strength", &Params::strength)
          .doc("How hard samples of a class attract each other.")
          .range(0, 100);
    }
  };
  explicit PullLoss(const Params& params) : params_(params) {}

  at::Tensor forward_pairs(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto& same = batch.masks.positive;
    return params_.strength * (distances * same).sum() / same.sum().clamp_min(1);
  }

 private:
  Params params_;
};

KINDRED_COMPONENT(kindred::Loss, PullLoss, "acme.pull", "1.0.0", "Pulls samples of a class together");
KINDRED_PLUGIN("acme", "1.0.0", "Apache-2.0", "Losses of Acme");

}  // namespace acme
