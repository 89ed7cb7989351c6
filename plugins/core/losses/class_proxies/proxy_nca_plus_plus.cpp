#include <ATen/ATen.h>

#include "class_proxies.hpp"

namespace kindred {
namespace {

/// ProxyNCA++ (Teh, DeVries, Taylor 2020, eq. 6), on squared distances d of normalised embeddings and
/// proxies, over all classes, the own one included:
///   -log(exp(-scale d_own) / sum_c exp(-scale d_c))
class ProxyNcaPlusPlusLoss final : public SampleProxyLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"ProxyNCA", "ProxyNCAPlusPlus", "NCA", "NCALoss"};
  struct Params {
    double scale = 9.0;
    static void describe(Schema<Params>& schema) {
      schema.field("scale", &Params::scale)
          .doc("One over the temperature; 1 is the scale of ProxyNCA.")
          .range(0.001, 10000);
    }
  };

  ProxyNcaPlusPlusLoss(const Params& params, const Site& site) : SampleProxyLoss(site), params_(params) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    // Between vectors of length 1, d = 2 - 2 cos; the 2 cancels.
    return cross_entropy(2 * params_.scale * proxies_.cosines(embeddings), labels);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, ProxyNcaPlusPlusLoss, "kindred.proxy_nca_plus_plus", "1.0.0",
                  "Neighbourhood components among class proxies, with a temperature");
}  // namespace kindred
