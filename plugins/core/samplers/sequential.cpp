#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

class SequentialSampler final : public BatchSampler {
 public:
  using Params = BatchSizeParams;
  explicit SequentialSampler(Params params) : params_(params) {}
  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t, int64_t) override {
    return cut_into_batches(row_numbers(labels.numel()), params_.batch_size, params_.drop_last);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, SequentialSampler, "kindred.sequential", "1.0.0",
                  "Every sample once per epoch, in the data's order");
}  // namespace kindred
