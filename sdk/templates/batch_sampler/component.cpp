#include <ATen/ATen.h>

#include <map>

#include "kindred/batch_sampler.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace {

/// Draws a class and then one of its samples, so that small classes count as much as large ones.
class KINDRED_CLASS final : public kindred::BatchSampler {
 public:
  struct Params {
    int64_t batch_size = 64;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("batch_size", &Params::batch_size).doc("Samples per batch.").range(2, 1 << 20);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : batch_size_(params.batch_size) {}

  /// labels int64 (N) -> as many batches, int64 (batch_size) each, as show N samples.
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
      for (int64_t i = 0; i < batch_size_; ++i) {
        const auto& members =
            classes[static_cast<size_t>(random.below(static_cast<int64_t>(classes.size())))];
        batch.push_back(members[static_cast<size_t>(random.below(static_cast<int64_t>(members.size())))]);
      }
      out.push_back(at::tensor(batch, at::kLong));
    }
    return out;
  }

 private:
  int64_t batch_size_;
};

}  // namespace

KINDRED_COMPONENT(kindred::BatchSampler, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Draws classes evenly");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A batch sampler: KINDRED_NAME");
