#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Samples of one class attract each other, others repel up to a margin.
class KINDRED_CLASS final : public kindred::Loss {
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

  /// embeddings (B, D), labels int64 (B) -> scalar.
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto distances = kindred::distance_matrix(kindred::Distance::cosine, embeddings, embeddings);
    const auto same = (labels.unsqueeze(1) == labels.unsqueeze(0)).to(distances.scalar_type());
    const auto pull = distances * same, push = (params_.margin - distances).clamp_min(0) * (1 - same);
    return (pull + push).mean();
  }

 private:
  Params params_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Loss, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Contrastive loss over all pairs of a batch");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A loss: KINDRED_NAME");
