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
    auto out = party_.call("batches", [&] { return inner_->batches(labels, seed, epoch); });
    if (out.empty()) party_.broke("batches", "gave no batch");
    for (const auto& batch : out) {
      if (!is_row_list(batch)) {
        party_.broke("batches",
                     fmt::format("gave {} as a batch; expected int64 (B) on cpu", tensor_text(batch)));
      }
      const auto wrong = outside(batch, labels.numel());
      if (!wrong.empty()) party_.broke("batches", wrong);
    }
    return out;
  }
  int64_t refresh_epochs() const override {
    return party_.call("refresh_epochs", [&] { return inner_->refresh_epochs(); });
  }
  void see_class_means(const at::Tensor& classes, const at::Tensor& means) override {
    party_.call("see_class_means", [&] { inner_->see_class_means(classes, means); });
  }
};

}  // namespace

std::shared_ptr<BatchSampler> under_contract(std::shared_ptr<BatchSampler> component,
                                             const ComponentInfo& info) {
  return std::make_shared<BatchSamplerContract>(std::move(component), info);
}

}  // namespace kindred::host
