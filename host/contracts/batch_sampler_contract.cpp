#include <ATen/ATen.h>
#include <fmt/format.h>

#include <utility>

#include "host/contracts/contract.hpp"
#include "kindred/batch_sampler.hpp"

namespace kindred::host {
namespace {

class BatchSamplerContract final : public Contract<BatchSampler> {
 public:
  using Contract::Contract;

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    auto out = calls_.call("batches", [&] { return inner_->batches(labels, seed, epoch); });
    if (out.empty()) calls_.broke("batches", "gave no batch");
    for (const auto& batch : out) {
      if (!is_row_list(batch)) {
        calls_.broke("batches",
                     fmt::format("gave {} as a batch; expected int64 (B) on cpu", tensor_text(batch)));
      }
      const auto wrong = outside(batch, labels.numel());
      if (!wrong.empty()) calls_.broke("batches", wrong);
    }
    return out;
  }
  int64_t refresh_epochs() const override {
    return calls_.call("refresh_epochs", [&] { return inner_->refresh_epochs(); });
  }
  void see_class_means(const at::Tensor& classes, const at::Tensor& means) override {
    calls_.call("see_class_means", [&] { inner_->see_class_means(classes, means); });
  }
};

}  // namespace

std::shared_ptr<BatchSampler> under_contract(std::shared_ptr<BatchSampler> component,
                                             const ComponentInfo& info) {
  return std::make_shared<BatchSamplerContract>(std::move(component), info);
}

}  // namespace kindred::host
