#include <ATen/ATen.h>

#include <algorithm>
#include <array>

#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

/// A set of triplets that is drawn once, by the seed, and shown in every epoch in another order: for
/// comparing losses on the very same triplets. Each has a sample, another one of its class and one of another
/// class; every sample that has a partner begins one. As FixedSetOfTriplets of pytorch-metric-learning.
class FixedSetSampler final : public BatchSampler {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"FixedSetOfTriplets"};
  struct Params {
    int64_t triplets = 0;
    int64_t batch_size = 96;
    static void describe(Schema<Params>& schema) {
      schema.field("triplets", &Params::triplets)
          .doc("How many are drawn; 0: one for every sample that has a partner.")
          .range(0, 1 << 30);
      schema.field("batch_size", &Params::batch_size)
          .doc("Samples per batch, rounded down to whole triplets.")
          .unit("samples")
          .range(3, 1 << 24);
    }
  };
  explicit FixedSetSampler(Params params) : params_(params) {}

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    auto set = drawn(labels, seed);
    Random(seed, 0xf17e, epoch).shuffle(set.begin(), set.end());
    const auto per_batch = static_cast<size_t>(params_.batch_size / 3);
    std::vector<at::Tensor> result;
    for (size_t begin = 0; begin < set.size(); begin += per_batch) {
      std::vector<int64_t> batch;
      for (size_t i = begin; i < std::min(begin + per_batch, set.size()); ++i) {
        batch.insert(batch.end(), set[i].begin(), set[i].end());
      }
      result.push_back(at::tensor(batch, at::kLong));
    }
    return result;
  }

 private:
  using Triplet = std::array<int64_t, 3>;

  std::vector<Triplet> drawn(const at::Tensor& labels, uint64_t seed) const {
    const auto classes = rows_by_label(labels);
    const auto plain = labels.contiguous();
    const auto* label = plain.data_ptr<int64_t>();
    std::vector<int64_t> anchors;
    for (const auto& [name, rows] : classes) {
      if (rows.size() > 1) anchors.insert(anchors.end(), rows.begin(), rows.end());
    }
    if (anchors.empty() || classes.size() < 2) {
      throw Error("fixed_set needs two classes, one of them with two samples; the training data has " +
                  std::to_string(classes.size()) + " classes");
    }
    Random random(seed, 0xf17e5e7);
    random.shuffle(anchors.begin(), anchors.end());
    const auto count = params_.triplets > 0 ? params_.triplets : static_cast<int64_t>(anchors.size());
    std::vector<Triplet> set;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t anchor = anchors[static_cast<size_t>(i) % anchors.size()];
      const auto& own = classes.at(label[anchor]);
      int64_t positive = anchor, negative = anchor;
      while (positive == anchor)
        positive = own[static_cast<size_t>(random.below(static_cast<int64_t>(own.size())))];
      while (label[negative] == label[anchor]) negative = random.below(plain.numel());
      set.push_back({anchor, positive, negative});
    }
    return set;
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, FixedSetSampler, "kindred.fixed_set", "1.0.0",
                  "The same triplets in every epoch, in another order");
}  // namespace kindred
