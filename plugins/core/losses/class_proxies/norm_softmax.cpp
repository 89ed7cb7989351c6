#include <ATen/ATen.h>

#include "class_proxies.hpp"

namespace kindred {
namespace {

/// Normalised softmax (Zhai, Wu 2019, section 3; NormFace: Wang et al. 2017): cross-entropy of cosines over a
/// temperature,
///   -log(exp(cos_own / temperature) / sum_c exp(cos_c / temperature))
class NormSoftmaxLoss final : public SampleProxyLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"NormalizedSoftmaxLoss"};
  struct Params : LabelSmoothing {
    double temperature = 0.05;
    static void describe(Schema<Params>& schema) {
      schema.field("temperature", &Params::temperature).doc("Divides the cosines.").range(0.0001, 1000);
      describe_label_smoothing(schema);
    }
  };

  NormSoftmaxLoss(const Params& params, const Site& site) : SampleProxyLoss(site), params_(params) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return cross_entropy(proxies_.cosines(embeddings) / params_.temperature, labels, params_.label_smoothing);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, NormSoftmaxLoss, "kindred.norm_softmax", "1.1.0",
                  "Cross-entropy of the cosines between embeddings and classes");
}  // namespace kindred
