#include <ATen/ATen.h>

#include <cmath>

#include "core/losses/angles.hpp"
#include "kindred/distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"
#include "positives.hpp"

namespace kindred {
namespace {

/// Triplets whose angle at the negative exceeds `angle` (Wang et al. 2017, eq. 5), on embeddings of length 1,
/// c the middle of a and p:
///   atan(|a - p| / (2 |n - c|)) > angle
class AngularMiner final : public AnchorMiner {
 public:
  struct Params {
    double angle = 20.0;
    bool normalize = true;
    static void describe(Schema<Params>& schema) {
      schema.field("angle", &Params::angle).doc("What the angle must exceed.").unit("degrees").range(0, 90);
      schema.field("normalize", &Params::normalize)
          .doc("Embeddings are brought to length 1 first; pytorch-metric-learning takes them as they are.");
    }
  };

  explicit AngularMiner(const Params& params)
      : normalize_(params.normalize), tangent_(std::tan(radians(params.angle))) {}

  bool gives_triplets() const override { return true; }

  Mined mine(const PairBatch& batch) override {
    const auto x = normalize_ ? l2_normalized(batch.embeddings) : batch.embeddings;
    const auto y = normalize_ ? l2_normalized(batch.references) : batch.references;
    const auto products = x.matmul(y.t());  // (B, R)
    return {{}, triplets_by_positive(batch, [&](const at::Tensor& column) {
              const auto p = y.index_select(0, column.squeeze(1));
              const auto apart = (x - p).square().sum(1, true), middle = ((x + p) / 2).square().sum(1, true);
              // |n - c|^2 = |n|^2 - 2 n.c + |c|^2
              const auto to_middle =
                  (y.square().sum(1).unsqueeze(0) - products - p.matmul(y.t()) + middle).clamp_min(0);
              return apart > 4 * tangent_ * tangent_ * to_middle;
            })};
  }

 private:
  bool normalize_;
  double tangent_;
};

}  // namespace
KINDRED_COMPONENT(Miner, AngularMiner, "kindred.angular", "1.0.0",
                  "Triplets with a large angle at the negative");
}  // namespace kindred
