#include "contrastive.hpp"

#include <ATen/ATen.h>

#include "contrastive_scored.hpp"
#include "core/losses/pair_distance.hpp"
#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {

LossSums contrastive_sums(const at::Tensor& distances, const PairMasks& masks,
                          const ContrastiveShape& shape) {
  const auto term = [&](double sign, double offset, const at::Tensor& chosen) {
    if (!shape.squared) {
      const auto gaps = hinge_sums(distances, chosen, sign, at::full({}, offset, distances.options()));
      const auto count = shape.active_only ? gaps.active : counts_of_chosen(chosen);
      return one_sum(gaps.sums.sum(), count.sum());
    }
    const auto active = (sign * distances + offset).relu();
    return sums_of_chosen(active.square(), shape.active_only ? chosen.logical_and(active > 0) : chosen);
  };
  return both(term(1, -shape.positive_margin, masks.positive),
              term(-1, shape.negative_margin, masks.negative));
}

namespace {

/// See contrastive.hpp; over scored pairs, contrastive_scored.hpp.
class ContrastiveLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"PairMarginLoss", "MarginContrastive"};
  struct Params : PairDistanceParams {
    double positive_margin = 0.0;
    double negative_margin = 0.5;
    bool squared = false;
    std::string average = "active";
    static void describe(Schema<Params>& schema) {
      schema.field("positive_margin", &Params::positive_margin)
          .doc("Positive pairs nearer than this are left alone.")
          .range(-1000, 1000);
      schema.field("negative_margin", &Params::negative_margin)
          .doc("Negative pairs farther than this are left alone.")
          .range(-1000, 1000);
      schema.field("squared", &Params::squared).doc("Squares what exceeds the margins.");
      schema.field("average", &Params::average)
          .doc("Mean over the pairs that exceed their margin, or over all.")
          .one_of({"active", "all"});
      describe_distance(schema);
    }
  };

  explicit ContrastiveLoss(const Params& params)
      : shape_{params.positive_margin, params.negative_margin, params.squared, params.average == "active"},
        distance_(params) {}

  LossTraits traits() const override {
    auto out = AnchorLoss::traits();
    out.scored_pairs = true;
    return out;
  }

  LossSums sum_over_anchors(const PairBatch& batch) override {
    return contrastive_sums(distance_.matrix(batch), batch.masks, shape_);
  }

  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    return contrastive_loss(pairs, distance_, shape_);
  }

 private:
  ContrastiveShape shape_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Loss, ContrastiveLoss, "kindred.contrastive", "1.0.0",
                  "Positive pairs nearer than one margin, negative pairs farther than another");
}  // namespace kindred
