#include "nn/norms/batch_norm.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// See nn/norms/batch_norm.hpp. A stage between other heads.
class BatchNormHead final : public Head, public nn::SharesNormStatistics {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"BatchNorm1d", "BN"};
  using Params = NoParams;

  BatchNormHead(const Params&, const Site& site) : dimension_(site.input_dimension), norm_(dimension_) {}

  int64_t output_dimension() const override { return dimension_; }
  void train(bool on) override { training_ = on; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return norm_(embeddings, norm_statistics(training_));
  }
  std::vector<NamedTensor> parameters() override { return norm_.parameters(); }
  std::vector<NamedTensor> buffers() override { return norm_.buffers(); }

 private:
  int64_t dimension_;
  nn::BatchNorm norm_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, BatchNormHead, "kindred.batch_norm", "1.0.0",
                  "Batch normalisation between other heads");
}  // namespace kindred
