#include <ATen/ATen.h>

#include "arc_face.hpp"
#include "class_proxies.hpp"

namespace kindred {
namespace {

/// ArcFace with several centres per class, of which the nearest counts (Deng et al. 2020, eq. 4).
class SubCenterArcFaceLoss final : public SampleProxyLoss {
 public:
  struct Params : ArcFaceParams {
    int64_t centers = 3;
    static void describe(Schema<Params>& schema) {
      describe_arc_face(schema);
      schema.field("centers", &Params::centers).doc("Per class.").range(1, 1000);
    }
  };

  SubCenterArcFaceLoss(const Params& params, const Site& site)
      : SampleProxyLoss(site, params.centers), params_(params), margins_(params, site) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto all = proxies_.cosines(embeddings).view({-1, proxies_.classes(), params_.centers});
    // Where cosines are equal, one of them gets the gradient.
    const auto [cosines, centers] = all.max(2);  // (B, C) each
    const auto own = labels * params_.centers + centers.gather(1, labels.unsqueeze(1)).squeeze(1);
    return arc_face_sums(cosines, proxies_.exact_cosines(embeddings, own), labels, margins_.of(labels),
                         params_);
  }

 private:
  Params params_;
  ClassMargins margins_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SubCenterArcFaceLoss, "kindred.sub_center_arc_face", "1.2.0",
                  "ArcFace with several centres per class");
}  // namespace kindred
