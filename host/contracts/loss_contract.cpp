#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/contracts/module_contract.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {
namespace {

/// It is a SumsOverAnchors and a SumsOverSamples, too, which say no where the loss is none.
class LossContract final : public ModuleContract<Loss>, public SumsOverAnchors, public SumsOverSamples {
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
    const auto* inner = as<SumsOverAnchors>();
    return inner != nullptr &&
           calls_.call("is_sum_over_anchors", [&] { return inner->is_sum_over_anchors(); });
  }
  bool is_sum_over_triplets() const override {
    const auto* inner = as<SumsOverAnchors>();
    return inner != nullptr &&
           calls_.call("is_sum_over_triplets", [&] { return inner->is_sum_over_triplets(); });
  }
  LossSums sum_over_anchors(const PairBatch& anchors) override {
    return checked("sum_over_anchors", anchors.embeddings,
                   [&] { return as<SumsOverAnchors>()->sum_over_anchors(anchors); });
  }
  bool is_sum_over_samples() const override {
    const auto* inner = as<SumsOverSamples>();
    return inner != nullptr &&
           calls_.call("is_sum_over_samples", [&] { return inner->is_sum_over_samples(); });
  }
  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return checked("sum_over_samples", embeddings,
                   [&] { return as<SumsOverSamples>()->sum_over_samples(embeddings, labels); });
  }

 private:
  template <class Side>
  Side* as() const {
    return dynamic_cast<Side*>(inner_.get());
  }

  template <class Call>
  LossSums checked(const char* phase, const at::Tensor& embeddings, const Call& call) const {
    const LossSums all = calls_.call(phase, call);
    for (const auto& one : {all.sums, all.counts}) {
      if (one.defined() && one.dim() == 1 && one.numel() > 0 && one.numel() == all.sums.numel() &&
          one.scalar_type() == embeddings.scalar_type() && one.device() == embeddings.device()) {
        continue;
      }
      calls_.broke(
          phase, fmt::format("returned sums {} and counts {}; expected two (K) of the embeddings' dtype and "
                             "device, which are {}",
                             tensor_text(all.sums), tensor_text(all.counts), tensor_text(embeddings)));
    }
    if (all.counts.requires_grad()) {
      calls_.broke(phase,
                   "returned counts with a gradient; detach them, since a mean is divided by a number");
    }
    expect_path(phase, all.sums, embeddings);
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
    expect_path("forward", loss, embeddings);
    return loss;
  }

  void expect_path(const char* phase, const at::Tensor& result, const at::Tensor& embeddings) const {
    if (!embeddings.requires_grad() || result.requires_grad()) return;
    calls_.broke(
        phase,
        "returned a loss without a gradient path to the embeddings; compute it from them, and multiply "
        "by zero where no pair or triplet is left");
  }
};

}  // namespace

std::shared_ptr<Loss> under_contract(std::shared_ptr<Loss> loss, const ComponentInfo& info) {
  return std::make_shared<LossContract>(std::move(loss), info);
}

}  // namespace kindred::host
