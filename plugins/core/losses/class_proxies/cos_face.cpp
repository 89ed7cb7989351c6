#include <ATen/ATen.h>

#include "class_proxies.hpp"

namespace kindred {
namespace {

/// Additive cosine margin (Wang et al. 2018, eq. 4): cross-entropy of scale (cos theta_c - margin [c is
/// own]).
class CosFaceLoss final : public SampleProxyLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"AMSoftmax", "AdditiveMarginSoftmax",
                                                 "LargeMarginCosineLoss", "LMCL"};
  struct Params : LabelSmoothing {
    double margin = 0.35;
    double scale = 64.0;
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin)
          .doc("Taken off the cosine of the sample's own class.")
          .range(0, 2);
      schema.field("scale", &Params::scale).doc("Factor on the cosines.").range(0.01, 10000);
      describe_label_smoothing(schema);
    }
  };

  CosFaceLoss(const Params& params, const Site& site) : SampleProxyLoss(site), params_(params) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto cosines = proxies_.cosines(embeddings);
    const auto margin = params_.margin * class_mask(labels, proxies_.classes()).to(cosines.scalar_type());
    return cross_entropy(params_.scale * (cosines - margin), labels, params_.label_smoothing);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, CosFaceLoss, "kindred.cos_face", "1.1.0",
                  "Cross-entropy of cosines with a margin taken off the own class's");
}  // namespace kindred
