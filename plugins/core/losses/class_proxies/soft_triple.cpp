#include <ATen/ATen.h>

#include "class_proxies.hpp"
#include "core/losses/loss_sums.hpp"
#include "kindred/distance.hpp"

namespace kindred {
namespace {

/// SoftTriple (Qian et al. 2019, eqs. 6 to 8): the similarity to a class is the softmax-weighted mean of the
/// cosines s to its centres,
///   S_c = sum_k softmax_k(s_ck / gamma) s_ck,   cross-entropy of scale (S_c - margin [c is own]),
/// and, with a `regularizer`, the centres of a class are drawn together: the mean distance of two of them.
class SoftTripleLoss final : public SampleProxyLoss {
 public:
  struct Params {
    int64_t centers = 10;
    double scale = 20.0;
    double gamma = 0.1;
    double margin = 0.01;
    double regularizer = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("centers", &Params::centers).doc("Per class.").range(1, 1000);
      schema.field("scale", &Params::scale).doc("Factor on the similarities (lambda).").range(0.01, 10000);
      schema.field("gamma", &Params::gamma)
          .doc("Temperature among the centres of a class.")
          .range(0.001, 100);
      schema.field("margin", &Params::margin).doc("Taken off the own class (delta).").range(0, 2);
      schema.field("regularizer", &Params::regularizer)
          .doc("Weight of the distance between centres of a class; the paper has 0.2.")
          .range(0, 1000);
    }
  };

  SoftTripleLoss(const Params& params, const Site& site)
      : SampleProxyLoss(site, params.centers), params_(params) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto s = proxies_.cosines(embeddings).view({-1, proxies_.classes(), params_.centers});
    const auto similarity = ((s / params_.gamma).softmax(2) * s).sum(2);  // (B, C)
    const auto margin = params_.margin * class_mask(labels, proxies_.classes()).to(s.scalar_type());
    const auto loss = cross_entropy(params_.scale * (similarity - margin), labels);
    if (params_.regularizer == 0 || params_.centers == 1) return loss;
    // Each sample has its share of what depends on none.
    return both(loss, {params_.regularizer * spread() * loss.counts, loss.counts});
  }

 private:
  /// sqrt(2 - 2 cos) of two centres of a class, summed over pairs, over C K (K - 1), as in the paper.
  at::Tensor spread() const {
    const auto w = l2_normalized(proxies_.rows()).view({proxies_.classes(), params_.centers, -1});
    const auto distance = (2 - 2 * w.bmm(w.transpose(1, 2))).clamp_min(1e-5).sqrt();
    const auto pairs =
        at::ones({params_.centers, params_.centers}, distance.options().requires_grad(false)).triu(1);
    return (distance * pairs).sum() /
           static_cast<double>(proxies_.classes() * params_.centers * (params_.centers - 1));
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SoftTripleLoss, "kindred.soft_triple", "1.0.0",
                  "Softmax over classes that have several centres each");
}  // namespace kindred
