#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
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
    const auto positive = pair_masks(labels).positive;
    // The first sample of a class is its anchor, the second its positive.
    const auto before = positive.tril(-1).any(1);
    const auto anchors = positive.any(1).logical_and(before.logical_not()).nonzero().squeeze(1);
    if (anchors.numel() == 0) return embeddings.sum() * 0;
    const auto positives = positive.index_select(0, anchors).to(at::kByte).argmax(1);
    const auto x = params_.normalize ? l2_normalized(embeddings) : embeddings;
    const auto a = x.index_select(0, anchors), p = x.index_select(0, positives);
    const auto logits = params_.scale * a.matmul(p.t());
    auto cross_entropy = (logits.logsumexp({1}) - logits.diagonal()).mean();
    if (params_.l2_weight == 0) return cross_entropy;
    return cross_entropy + params_.l2_weight * (a.square().sum(1).mean() + p.square().sum(1).mean()) / 2;
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, NPairsLoss, "kindred.n_pairs", "1.0.0",
                  "Cross-entropy among one pair of every class of the batch");
}  // namespace kindred
