#include "kindred/batch_sampler.hpp"

#include <ATen/ATen.h>

#include <map>

#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace {

/// Several samples of each class that is drawn.
class MyBatchSampler final : public kindred::BatchSampler {
 public:
  struct Params {
    int64_t batch_size = 64, per_class = 4;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("batch_size", &Params::batch_size).doc("Samples per batch.").range(2, 1 << 20);
      schema.field("per_class", &Params::per_class).doc("Samples of a class that is drawn.").range(1, 1024);
    }
  };
  explicit MyBatchSampler(const Params& params)
      : batch_size_(params.batch_size), per_class_(params.per_class) {}

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    std::map<int64_t, std::vector<int64_t>> rows;
    const auto plain = labels.contiguous();
    for (int64_t i = 0; i < plain.numel(); ++i) rows[plain.data_ptr<int64_t>()[i]].push_back(i);
    std::vector<std::vector<int64_t>> classes;
    for (auto& [label, members] : rows) classes.push_back(std::move(members));
    kindred::Random random(seed, epoch);
    std::vector<at::Tensor> out;
    for (int64_t shown = 0; shown < plain.numel(); shown += batch_size_) {
      std::vector<int64_t> batch;
      // shown in the tutorial:
      while (static_cast<int64_t>(batch.size()) < batch_size_) {
        const auto& members =
            classes[static_cast<size_t>(random.below(static_cast<int64_t>(classes.size())))];
        for (int64_t i = 0; i < per_class_; ++i) {
          batch.push_back(members[static_cast<size_t>(random.below(static_cast<int64_t>(members.size())))]);
        }
      }
      // end
      out.push_back(at::tensor(batch, at::kLong));
    }
    return out;
  }

 private:
  int64_t batch_size_, per_class_;
};

}  // namespace

KINDRED_COMPONENT(kindred::BatchSampler, MyBatchSampler, "my.next_batch_sampler", "0.1.0",
                  "Draws classes evenly, several samples of each");
