#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/contracts/module_contract.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {
namespace {

class LossContract final : public ModuleContract<Loss> {
 public:
  using ModuleContract::ModuleContract;

  LossTraits traits() const override {
    return calls_.call("traits", [&] { return inner_->traits(); });
  }
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return checked(calls_.call("forward", [&] { return inner_->forward(embeddings, labels); }), embeddings);
  }
  at::Tensor forward_pairs(const PairBatch& batch) override {
    return checked(calls_.call("forward", [&] { return inner_->forward_pairs(batch); }), batch.embeddings);
  }
  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    return checked(calls_.call("forward", [&] { return inner_->forward_scored(pairs); }), pairs.a);
  }

 private:
  at::Tensor checked(at::Tensor loss, const at::Tensor& embeddings) const {
    if (!loss.defined() || loss.numel() != 1 || loss.scalar_type() != embeddings.scalar_type() ||
        loss.device() != embeddings.device()) {
      calls_.broke(
          "forward",
          fmt::format("returned {}; expected one number of the embeddings' dtype and device, which are {}",
                      tensor_text(loss), tensor_text(embeddings)));
    }
    if (embeddings.requires_grad() && !loss.requires_grad()) {
      calls_.broke(
          "forward",
          "returned a loss without a gradient path to the embeddings; compute it from them, and multiply "
          "by zero where no pair or triplet is left");
    }
    return loss;
  }
};

}  // namespace

std::shared_ptr<Loss> under_contract(std::shared_ptr<Loss> loss, const ComponentInfo& info) {
  return std::make_shared<LossContract>(std::move(loss), info);
}

}  // namespace kindred::host
