#include "arc_face.hpp"

namespace kindred {
namespace {

/// See arc_face.hpp.
class ArcFaceLoss final : public ProxyLoss {
 public:
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
