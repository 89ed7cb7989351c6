#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

class ShuffleSampler final : public BatchSampler {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"RandomSampler", "Shuffled"};
  using Params = BatchSizeParams;
  explicit ShuffleSampler(Params params) : params_(params) {}
  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    auto order = row_numbers(labels.numel());
    Random(seed, 0x5ffe, epoch).shuffle(order.begin(), order.end());
    return cut_into_batches(order, params_.batch_size, params_.drop_last);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, ShuffleSampler, "kindred.shuffle", "1.0.0",
                  "Every sample once per epoch, in random order");
}  // namespace kindred
