#include <ATen/ATen.h>

#include <utility>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// N-pairs loss (Sohn 2016, eqs. 7 and 11): of every class with two samples one pair (a, p) is taken, in the
/// order of the batch; then, with logits x_ai . x_pj, the cross-entropy of i = j,
///   mean_i log sum_j exp(x_ai . (x_pj - x_pi)) + l2_weight mean |x|^2
/// where embeddings are normalised first, or not.
class NPairsLoss final : public Loss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"NPair", "MulticlassNPairs"};
  struct Params {
    bool normalize = true;
    double scale = 16.0;
    double l2_weight = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("normalize", &Params::normalize).doc("Embeddings are brought to length 1 first.");
      schema.field("scale", &Params::scale)
          .doc(
              "Factor on the products, the inverse of a temperature; products of vectors of length 1 are too "
              "alike "
              "without it.")
          .range(0.001, 10000);
      schema.field("l2_weight", &Params::l2_weight)
          .doc(
              "Weight of the mean squared length of the chosen embeddings; the paper has 0.02 without "
              "normalisation.")
          .range(0, 1000);
    }
  };

  explicit NPairsLoss(const Params& params) : params_(params) {}

  LossTraits traits() const override {
    LossTraits out;
    out.order_matters = true;
    return out;
  }

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto [anchors, positives] = first_two_of_each(labels);
    if (anchors.numel() == 0) return embeddings.sum() * 0;
    const auto x = params_.normalize ? l2_normalized(embeddings) : embeddings;
    const auto a = x.index_select(0, anchors), p = x.index_select(0, positives);
    const auto logits = params_.scale * a.matmul(p.t());
    auto cross_entropy = (logits.logsumexp({1}) - logits.diagonal()).mean();
    if (params_.l2_weight == 0) return cross_entropy;
    return cross_entropy + params_.l2_weight * (a.square().sum(1).mean() + p.square().sum(1).mean()) / 2;
  }

 private:
  /// Row numbers int64 (C) each: the first sample of every class that has two, and the second.
  static std::pair<at::Tensor, at::Tensor> first_two_of_each(const at::Tensor& labels) {
    const auto [classes, rows] = at::sort(labels, /*stable=*/true, 0, false);
    const auto follows = classes.slice(0, 1) == classes.slice(0, 0, -1);  // (B - 1): one of the same class
    const auto begins = at::cat({at::ones({1}, follows.options()), follows.logical_not()}).slice(0, 0, -1);
    const auto places = follows.logical_and(begins).nonzero().squeeze(1);
    return {rows.index_select(0, places), rows.index_select(0, places + 1)};
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, NPairsLoss, "kindred.n_pairs", "1.0.0",
                  "Cross-entropy among one pair of every class of the batch");
}  // namespace kindred
