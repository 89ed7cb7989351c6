#include "batch_easy_hard.hpp"
#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// The farthest positive and the nearest negative of each anchor (Hermans, Beyer, Leibe 2017, eq. 5).
class BatchHardMiner final : public AnchorMiner {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"HardTripletsMiner", "BatchHardTriplets", "HardMiner"};
  struct Params : PairDistanceParams {
    static void describe(Schema<Params>& schema) { describe_distance(schema); }
  };

  explicit BatchHardMiner(const Params& params) : distance_(params) {}

  bool gives_triplets() const override { return true; }

  Mined mine(const PairBatch& batch) override {
    return {{}, chosen_triplets(distance_.matrix(batch), batch.masks, Hardness::hard, Hardness::hard)};
  }

 private:
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, BatchHardMiner, "kindred.batch_hard", "1.0.0",
                  "Each anchor's farthest positive and nearest negative");
}  // namespace kindred
