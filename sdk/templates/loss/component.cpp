#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Samples of one class attract each other, others repel up to a margin.
class KINDRED_CLASS final : public kindred::PairLoss {
 public:
  struct Params {
    double margin = 0.5;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("margin", &Params::margin)
          .doc("Cosine distance that other classes shall keep.")
          .range(0, 2);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : params_(params) {}

  /// embeddings (B, D), references (R, D), masks bool (B, R) -> scalar.
  at::Tensor forward_pairs(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto pull = distances * batch.masks.positive;
    const auto push = (params_.margin - distances).clamp_min(0) * batch.masks.negative;
    return (pull + push).mean();
  }

 private:
  Params params_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Loss, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Contrastive loss over all pairs of a batch");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A loss: KINDRED_NAME");
