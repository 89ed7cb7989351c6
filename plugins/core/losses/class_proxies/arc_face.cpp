#include "arc_face.hpp"

#include <ATen/ATen.h>

#include "class_proxies.hpp"
#include "core/losses/angles.hpp"

namespace kindred {

at::Tensor arc_face_loss(const at::Tensor& cosines, const at::Tensor& own, const at::Tensor& labels,
                         double margin, double scale) {
  const auto target = with_angular_margin(own, margin).to(cosines.scalar_type());
  return cross_entropy(scale * cosines.scatter(1, labels.unsqueeze(1), target), labels);
}

namespace {

/// See arc_face.hpp.
class ArcFaceLoss final : public ProxyLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"AdditiveAngularMargin", "AAMSoftmax", "ArcFaceLossWithMLP"};
  struct Params {
    double margin = 0.5;
    double scale = 64.0;
    static void describe(Schema<Params>& schema) { describe_angular_margin(schema); }
  };

  ArcFaceLoss(const Params& params, const Site& site) : ProxyLoss(site), params_(params) {}

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return arc_face_loss(proxies_.cosines(embeddings), proxies_.exact_cosines(embeddings, labels), labels,
                         params_.margin, params_.scale);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, ArcFaceLoss, "kindred.arc_face", "1.0.0",
                  "Cross-entropy of cosines with a margin added to the own class's angle");
}  // namespace kindred
