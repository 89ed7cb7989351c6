#include <ATen/ATen.h>

#include "class_proxies.hpp"
#include "core/losses/pair_terms.hpp"

namespace kindred {
namespace {

/// Proxy-Anchor (Kim et al. 2020, eq. 4): proxies are the anchors. C+ are the classes of the batch, s
/// cosines:
///   1/|C+| sum_{c in C+} log(1 + sum_{i of c} exp(-alpha (s_ic - margin)))
///   + 1/|C| sum_c log(1 + sum_{i not of c} exp(alpha (s_ic + margin)))
class ProxyAnchorLoss final : public ProxyLoss {
 public:
  struct Params {
    double margin = 0.1;
    double alpha = 32.0;
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin).doc("Taken off, or added to, the cosines.").range(-2, 2);
      schema.field("alpha", &Params::alpha).doc("Factor on the cosines.").range(0.01, 10000);
    }
  };

  ProxyAnchorLoss(const Params& params, const Site& site) : ProxyLoss(site), params_(params) {}

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto s = proxies_.cosines(embeddings).t();              // (C, B)
    const auto own = class_mask(labels, proxies_.classes()).t();  // (C, B)
    const auto pull = masked_logsumexp(-params_.alpha * (s - params_.margin), own, kNothing);
    const auto push = masked_logsumexp(params_.alpha * (s + params_.margin), own.logical_not(), kNothing);
    return mean_of_chosen(log_one_plus_exp(pull), own.any(1)) + log_one_plus_exp(push).mean();
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, ProxyAnchorLoss, "kindred.proxy_anchor", "1.0.0",
                  "Class proxies against all samples of the batch");
}  // namespace kindred
