#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/contracts/module_contract.hpp"
#include "kindred/head.hpp"

namespace kindred::host {
namespace {

/// What it computes is checked by HeadChain, as the output of a switch is.
class HeadContract final : public ModuleContract<Head> {
 public:
  HeadContract(std::shared_ptr<Head> inner, const ComponentInfo& info)
      : ModuleContract(std::move(inner), info),
        output_dimension_(calls_.call("output_dimension", [&] { return inner_->output_dimension(); })) {
    if (output_dimension_ < 1) calls_.broke("output_dimension", fmt::format("is {}", output_dimension_));
  }

  int64_t output_dimension() const override { return output_dimension_; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return calls_.call("forward", [&] { return inner_->forward(embeddings); });
  }
  bool needs_fit() const override {
    return calls_.call("needs_fit", [&] { return inner_->needs_fit(); });
  }
  void fit(const at::Tensor& embeddings, const at::Tensor& labels) override {
    calls_.call("fit", [&] { inner_->fit(embeddings, labels); });
  }

 private:
  int64_t output_dimension_;
};

}  // namespace

std::shared_ptr<Head> under_contract(std::shared_ptr<Head> head, const ComponentInfo& info) {
  return std::make_shared<HeadContract>(std::move(head), info);
}

}  // namespace kindred::host
