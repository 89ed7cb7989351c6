#include "contrastive.hpp"

#include "contrastive_scored.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pair_distance.hpp"

namespace kindred {
namespace {

/// See contrastive.hpp; over scored pairs, contrastive_scored.hpp.
class ContrastiveLoss final : public PairLoss {
 public:
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
    auto out = PairLoss::traits();
    out.scored_pairs = true;
    return out;
  }

  at::Tensor forward_pairs(const PairBatch& batch) override {
    return contrastive_loss(distance_.matrix(batch), batch.masks, shape_);
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
