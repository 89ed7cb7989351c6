#include "batch_easy_hard.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "core/losses/pair_distance.hpp"
#include "kindred/error.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {

Triplets chosen_triplets(const at::Tensor& distances, const PairMasks& masks, Hardness positive,
                         Hardness negative) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto farthest = [&](const at::Tensor& among) {
    return distances.masked_fill(among.logical_not(), -infinity).max(1);
  };
  const auto nearest = [&](const at::Tensor& among) {
    return distances.masked_fill(among.logical_not(), infinity).min(1);
  };
  const auto choose_positive = [&](const at::Tensor& among) {
    return positive == Hardness::easy ? nearest(among) : farthest(among);
  };
  const auto choose_negative = [&](const at::Tensor& among) {
    return negative == Hardness::easy ? farthest(among) : nearest(among);
  };
  auto positives = masks.positive, negatives = masks.negative;
  at::Tensor p, n;
  if (positive == Hardness::semi_hard) {
    const auto found = choose_negative(negatives);
    n = std::get<1>(found);
    positives = positives.logical_and(distances < std::get<0>(found).unsqueeze(1));
    p = std::get<1>(choose_positive(positives));
  } else {
    const auto found = choose_positive(positives);
    p = std::get<1>(found);
    if (negative == Hardness::semi_hard) {
      negatives = negatives.logical_and(distances > std::get<0>(found).unsqueeze(1));
    }
    n = std::get<1>(choose_negative(negatives));
  }
  const auto anchors = positives.any(1).logical_and(negatives.any(1)).nonzero().squeeze(1);
  return {anchors, p.index_select(0, anchors), n.index_select(0, anchors)};
}

namespace {

Hardness hardness_from_name(const std::string& name) {
  return name == "easy" ? Hardness::easy : name == "hard" ? Hardness::hard : Hardness::semi_hard;
}

/// One positive and one negative per anchor, each chosen by its own rule. The defaults are easy positives
/// with semi-hard negatives (Xuan, Stylianou, Pless 2020, section 3):
///   p = argmin_p d_ap,  n = argmin_n d_an over d_an > d_ap
class BatchEasyHardMiner final : public AnchorMiner {
 public:
  struct Params : PairDistanceParams {
    std::string positive = "easy";
    std::string negative = "semi_hard";
    static void describe(Schema<Params>& schema) {
      schema.field("positive", &Params::positive)
          .doc(
              "easy: the nearest. hard: the farthest. semi_hard: the farthest that is nearer than the "
              "negative.")
          .one_of({"easy", "semi_hard", "hard"});
      schema.field("negative", &Params::negative)
          .doc(
              "easy: the farthest. hard: the nearest. semi_hard: the nearest that is farther than the "
              "positive.")
          .one_of({"easy", "semi_hard", "hard"});
      describe_distance(schema);
    }
  };

  explicit BatchEasyHardMiner(const Params& params)
      : positive_(hardness_from_name(params.positive)),
        negative_(hardness_from_name(params.negative)),
        distance_(params) {
    if (positive_ == Hardness::semi_hard && negative_ == Hardness::semi_hard) {
      throw Error(
          "batch_easy_hard: \"semi_hard\" is relative to the other one, so only one of \"positive\" and "
          "\"negative\" can have it");
    }
  }

  bool gives_triplets() const override { return true; }

  Mined mine(const PairBatch& batch) override {
    return {{}, chosen_triplets(distance_.matrix(batch), batch.masks, positive_, negative_)};
  }

 private:
  Hardness positive_, negative_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, BatchEasyHardMiner, "kindred.batch_easy_hard", "1.0.0",
                  "Each anchor's positive and negative by a rule of their own");
}  // namespace kindred
