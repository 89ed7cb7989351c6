#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

/// Every class as often as every other, whatever their sizes (Kang et al. 2020, eq. 1 with q = 0): each place
/// of a batch draws a class evenly and takes its next sample, in a random order that begins anew when all
/// have had their turn. An epoch has as many samples as there are.
class ClassBalancedSampler final : public BatchSampler {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"WeightedRandomSampler", "BalancedBatchSampler",
                                                 "TuplesToWeightsSampler"};
  struct Params {
    int64_t batch_size = 256;
    static void describe(Schema<Params>& schema) {
      schema.field("batch_size", &Params::batch_size)
          .doc("Samples per batch.")
          .unit("samples")
          .range(1, 1 << 24);
    }
  };
  explicit ClassBalancedSampler(Params params) : params_(params) {}

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    std::vector<Pile> piles;
    for (auto& [label, rows] : rows_by_label(labels)) piles.push_back({rows, rows.size()});
    Random random(seed, 0xba1a, epoch);
    std::vector<int64_t> order;
    for (int64_t i = 0; i < labels.numel(); ++i) {
      auto& pile = piles[static_cast<size_t>(random.below(static_cast<int64_t>(piles.size())))];
      if (pile.next == pile.rows.size()) {
        random.shuffle(pile.rows.begin(), pile.rows.end());
        pile.next = 0;
      }
      order.push_back(pile.rows[pile.next++]);
    }
    return cut_into_batches(order, params_.batch_size, false);
  }

 private:
  struct Pile {
    std::vector<int64_t> rows;
    size_t next;
  };
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, ClassBalancedSampler, "kindred.class_balanced", "1.0.0",
                  "Every class equally often, whatever its size");
}  // namespace kindred
