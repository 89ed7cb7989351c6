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
class MarginLoss final : public AnchorLoss {
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

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    const auto beta = beta_.to(d.options());
    const auto out = batch.triplets.defined() ? of_triplets(d, beta, batch.triplets)
                                              : of_all_triplets(d, beta, batch.masks);
    if (!params_.learn_beta) return out;
    const auto anchors = d.size(0);
    return both(out, one_sum(params_.nu * beta * anchors, anchors));
  }

 private:
  /// A pair is in as many triplets as name it.
  LossSums of_triplets(const at::Tensor& d, const at::Tensor& beta, const Triplets& triplets) const {
    const auto rows = triplets.anchors * d.size(1);
    const auto pairs =
        d.reshape({-1}).index_select(0, at::cat({rows + triplets.positives, rows + triplets.negatives}));
    const auto count = rows.numel();
    const auto gaps =
        at::cat({pairs.slice(0, 0, count) - beta, beta - pairs.slice(0, count)}) + params_.margin;
    return one_sum(gaps.relu().sum(), gaps.detach().gt(0).sum());
  }

  LossSums of_all_triplets(const at::Tensor& d, const at::Tensor& beta, const PairMasks& masks) const {
    const auto positive = hinge_sums(d, masks.positive, 1, params_.margin - beta),
               negative = hinge_sums(d, masks.negative, -1, params_.margin + beta);
    const auto positives = counts_of_chosen(masks.positive).to(d.scalar_type()),
               negatives = counts_of_chosen(masks.negative).to(d.scalar_type());
    const auto active = (positive.active * negatives).sum() + (negative.active * positives).sum();
    const auto sum = (positive.sums * negatives).sum() + (negative.sums * positives).sum();
    return one_sum(sum, active);
  }

  Params params_;
  PairDistance distance_;
  at::Tensor beta_;
};

}  // namespace
KINDRED_COMPONENT(Loss, MarginLoss, "kindred.margin", "1.0.0",
                  "Positives inside, negatives outside of a boundary that can be learnt");
}  // namespace kindred
