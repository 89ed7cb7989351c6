#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"
#include "positives.hpp"

namespace kindred {
namespace {

/// Triplets by their gap g = d_an - d_ap (Schroff, Kalenichenko, Philbin 2015, section 3.2 and eq. 4):
///   all g <= margin; hard g <= 0; semi_hard 0 < g <= margin; easy g > margin
class TripletMarginMiner final : public AnchorMiner {
 public:
  struct Params : PairDistanceParams {
    Params() : PairDistanceParams("euclidean") {}
    double margin = 0.2;
    std::string keep = "all";
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin).doc("Of the gap between the two distances.").range(0, 1000);
      schema.field("keep", &Params::keep)
          .doc("Which triplets are kept.")
          .one_of({"all", "hard", "semi_hard", "easy"});
      describe_distance(schema);
    }
  };

  explicit TripletMarginMiner(const Params& params) : params_(params), distance_(params) {}

  bool gives_triplets() const override { return true; }

  Mined mine(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    return {{}, triplets_by_positive(batch, [&](const at::Tensor& column) {
              return kept(d - d.gather(1, column));
            })};
  }

 private:
  at::Tensor kept(const at::Tensor& gap) const {
    if (params_.keep == "easy") return gap > params_.margin;
    if (params_.keep == "hard") return gap <= 0;
    const auto within = gap <= params_.margin;
    return params_.keep == "all" ? within : within.logical_and(gap > 0);
  }

  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, TripletMarginMiner, "kindred.triplet_margin", "1.0.0",
                  "Triplets whose gap is below a margin");
}  // namespace kindred
