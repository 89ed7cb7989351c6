#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Margin loss (Wu, Manmatha, Smola, Krähenbühl 2017, eq. 4), d a distance and beta the boundary between
/// positives and negatives:
///   relu(d_ap - beta + margin) + relu(beta - d_an + margin)
/// summed over triplets (a, p, n) and divided by the number of active terms; + nu beta when beta is learnt.
/// Without a miner every triplet counts, and is counted without being formed: a positive pair is in as many
/// as its anchor has negatives. The paper draws negatives by distance: miner distance_weighted.
class MarginLoss final : public PairLoss {
 public:
  struct Params : PairDistanceParams {
    Params() : PairDistanceParams("euclidean") {}
    double margin = 0.2;
    double beta = 1.2;
    bool learn_beta = false;
    double nu = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin).doc("Room on both sides of the boundary.").range(0, 1000);
      schema.field("beta", &Params::beta).doc("The boundary, or its first value.").range(-1000, 1000);
      schema.field("learn_beta", &Params::learn_beta).doc("Whether the boundary is trained.");
      schema.field("nu", &Params::nu)
          .doc("Weight of the boundary in the loss while it is trained.")
          .range(0, 1000);
      describe_distance(schema);
    }
  };

  explicit MarginLoss(const Params& params)
      : params_(params), distance_(params), beta_(at::full({}, params.beta, at::kFloat)) {}

  std::vector<NamedTensor> parameters() override {
    if (!params_.learn_beta) return {};
    return {{"beta", beta_}};
  }

  at::Tensor forward_pairs(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    const auto beta = beta_.to(d.options());
    const auto positive = (d - beta + params_.margin).relu(), negative = (beta - d + params_.margin).relu();
    at::Tensor positive_weight, negative_weight;  // in how many triplets a pair is
    if (batch.triplets.defined()) {
      positive_weight = counts(d, batch.triplets.anchors, batch.triplets.positives);
      negative_weight = counts(d, batch.triplets.anchors, batch.triplets.negatives);
    } else {
      const auto as_numbers = [&](const at::Tensor& mask) { return mask.to(d.scalar_type()); };
      const auto positives = as_numbers(batch.masks.positive), negatives = as_numbers(batch.masks.negative);
      positive_weight = positives * negatives.sum(1, true);
      negative_weight = negatives * positives.sum(1, true);
    }
    const auto active = (positive_weight * (positive > 0)).sum() + (negative_weight * (negative > 0)).sum();
    const auto loss =
        ((positive * positive_weight).sum() + (negative * negative_weight).sum()) / active.clamp_min(1);
    return params_.learn_beta ? loss + params_.nu * beta : loss;
  }

 private:
  static at::Tensor counts(const at::Tensor& d, const at::Tensor& rows, const at::Tensor& columns) {
    const auto ones = at::ones({rows.numel()}, d.options().requires_grad(false));
    return at::zeros({d.numel()}, ones.options()).index_add(0, rows * d.size(1) + columns, ones).view_as(d);
  }

  Params params_;
  PairDistance distance_;
  at::Tensor beta_;
};

}  // namespace
KINDRED_COMPONENT(Loss, MarginLoss, "kindred.margin", "1.0.0",
                  "Positives inside, negatives outside of a boundary that can be learnt");
}  // namespace kindred
