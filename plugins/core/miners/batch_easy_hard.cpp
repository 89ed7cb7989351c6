#include "batch_easy_hard.hpp"

#include "../losses/pair_distance.hpp"
#include "kindred/error.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

Hardness hardness_from_name(const std::string& name) {
  return name == "easy" ? Hardness::easy : name == "hard" ? Hardness::hard : Hardness::semi_hard;
}

/// One positive and one negative per anchor, each chosen by its own rule. The defaults are easy positives
/// with semi-hard negatives (Xuan, Stylianou, Pless 2020, section 3):
///   p = argmin_p d_ap,  n = argmin_n d_an over d_an > d_ap
class BatchEasyHardMiner final : public Miner {
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
