#include <memory>
#include <utility>

#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "nn/norms/batch_norm.hpp"

namespace kindred {
namespace {

/// See nn/norms/batch_norm.hpp. A stage between other heads.
class BatchNormHead final : public Head, public SharesStatistics {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"BatchNorm1d", "BN"};
  using Params = NoParams;

  BatchNormHead(const Params&, const Site& site) : dimension_(site.input_dimension), norm_(dimension_) {}

  int64_t output_dimension() const override { return dimension_; }
  void train(bool on) override { statistics_.of_batch = on; }
  bool share_statistics(std::shared_ptr<const SumOverProcesses> sum) override {
    statistics_.sum = std::move(sum);
    return true;
  }
  at::Tensor forward(const at::Tensor& embeddings) override { return norm_(embeddings, statistics_); }
  std::vector<NamedTensor> parameters() override { return norm_.parameters(); }
  std::vector<NamedTensor> buffers() override { return norm_.buffers(); }

 private:
  int64_t dimension_;
  nn::BatchNorm norm_;
  nn::NormStatistics statistics_;
};

}  // namespace
KINDRED_COMPONENT(Head, BatchNormHead, "kindred.batch_norm", "1.0.0",
                  "Batch normalisation between other heads");
}  // namespace kindred
