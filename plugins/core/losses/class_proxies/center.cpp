#include <ATen/ATen.h>

#include "class_proxies.hpp"
#include "core/losses/loss_sums.hpp"
#include "kindred/distance.hpp"

namespace kindred {
namespace {

/// Centre loss (Wen et al. 2016, eq. 2): 1/2 mean_i |x_i - c_label|^2. Embeddings are brought to length 1
/// unless told otherwise. It pulls together and pushes nothing apart: use it in a sum with a loss that does.
class CenterLoss final : public SampleProxyLoss {
 public:
  struct Params {
    bool normalize = true;
    static void describe(Schema<Params>& schema) {
      schema.field("normalize", &Params::normalize).doc("Embeddings are brought to length 1 first.");
    }
  };

  CenterLoss(const Params& params, const Site& site) : SampleProxyLoss(site), params_(params) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto x = params_.normalize ? l2_normalized(embeddings) : embeddings;
    return sums_of_all((x - proxies_.rows().index_select(0, labels)).square().sum(1) / 2);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, CenterLoss, "kindred.center", "1.0.0",
                  "Distance of each sample to a trained centre of its class");
}  // namespace kindred
