#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/contracts/module_contract.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {
namespace {

/// It is a SumsOverAnchors, too, whose is_sum_over_anchors() says no where the loss is none.
class LossContract final : public ModuleContract<Loss>, public SumsOverAnchors {
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
  bool is_sum_over_anchors() const override {
    const auto* inner = dynamic_cast<SumsOverAnchors*>(inner_.get());
    return inner != nullptr &&
           calls_.call("is_sum_over_anchors", [&] { return inner->is_sum_over_anchors(); });
  }
  AnchorSums sum_over_anchors(const PairBatch& anchors) override {
    auto& inner = dynamic_cast<SumsOverAnchors&>(*inner_);
    return checked(calls_.call("sum_over_anchors", [&] { return inner.sum_over_anchors(anchors); }),
                   anchors.embeddings);
  }

 private:
  AnchorSums checked(AnchorSums all, const at::Tensor& embeddings) const {
    for (const auto& one : {all.sums, all.counts}) {
      if (one.defined() && one.dim() == 1 && one.numel() > 0 && one.numel() == all.sums.numel() &&
          one.scalar_type() == embeddings.scalar_type() && one.device() == embeddings.device()) {
        continue;
      }
      calls_.broke(
          "sum_over_anchors",
          fmt::format("returned sums {} and counts {}; expected two (K) of the embeddings' dtype and "
                      "device, which are {}",
                      tensor_text(all.sums), tensor_text(all.counts), tensor_text(embeddings)));
    }
    if (embeddings.requires_grad() && !all.sums.requires_grad()) {
      calls_.broke(
          "sum_over_anchors",
          "returned sums without a gradient path to the embeddings; compute them from the embeddings, "
          "and multiply by zero where no pair is left");
    }
    return all;
  }
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
