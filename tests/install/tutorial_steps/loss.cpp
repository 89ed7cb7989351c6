#include "kindred/loss.hpp"

#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/plugin.hpp"

namespace {

/// A logistic loss over pairs that learns its slope and its threshold.
class MyLoss final : public kindred::PairLoss {
 public:
  using Params = kindred::NoParams;
  explicit MyLoss(const Params&) {}

  // shown in the tutorial:
  at::Tensor forward_pairs(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto logit = log_scale_.exp() * (threshold_ - distances);
    const auto counted = batch.masks.positive.logical_or(batch.masks.negative);
    return ((at::softplus(logit) - batch.masks.positive * logit) * counted).mean();
  }
  std::vector<kindred::NamedTensor> parameters() override {
    return {{"log_scale", log_scale_}, {"threshold", threshold_}};
  }
  at::Tensor log_scale_ = at::full({1}, 2.0, at::kFloat), threshold_ = at::full({1}, 0.5, at::kFloat);
  // end
};

/// The loss of the template, as a sum over anchors.
class MyLargeLoss final : public kindred::AnchorLoss {
 public:
  using Params = kindred::NoParams;
  explicit MyLargeLoss(const Params&) {}

  // shown in the page of losses:
  /// The mean over all anchors.
  kindred::LossSums sum_over_anchors(const kindred::PairBatch& batch) override {
    const auto distances =
        kindred::distance_matrix(kindred::Distance::cosine, batch.embeddings, batch.references);
    const auto pull = distances * batch.masks.positive;
    const auto push = (params_.margin - distances).clamp_min(0) * batch.masks.negative;
    return {(pull + push).mean(1).sum().reshape({1}),
            at::full({1}, double(batch.embeddings.size(0)), distances.options())};
  }
  // end

 private:
  struct {
    double margin = 0.5;
  } params_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Loss, MyLoss, "my.next_loss", "0.1.0", "Logistic loss over pairs");
KINDRED_COMPONENT(kindred::Loss, MyLargeLoss, "my.large_loss", "0.1.0",
                  "Contrastive loss over all pairs of a batch");
