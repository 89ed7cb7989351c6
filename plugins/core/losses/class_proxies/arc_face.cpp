#include "arc_face.hpp"

#include <ATen/ATen.h>

#include <string>

#include "core/losses/angles.hpp"
#include "kindred/error.hpp"

namespace kindred {
namespace {

constexpr double kLargestMargin = 1.5;

}  // namespace

LossSums arc_face_sums(const at::Tensor& cosines, const at::Tensor& own, const at::Tensor& labels,
                       const at::Tensor& margins, const ArcFaceParams& params) {
  const auto target = with_angular_margin(own, margins).to(cosines.scalar_type());
  return cross_entropy(params.scale * cosines.scatter(1, labels.unsqueeze(1), target), labels,
                       params.label_smoothing);
}

ClassMargins::ClassMargins(const ArcFaceParams& params, const Site& site)
    : margins_(at::full({site.classes}, params.margin, at::kDouble)) {
  if (params.margin_power > 0) {
    margins_ = site.class_sizes.empty()
                   ? at::zeros_like(margins_)
                   : margins_ * at::tensor(site.class_sizes, at::kDouble).pow(-params.margin_power);
  }
  margins_ = margins_ + params.margin_offset;
  const double largest = margins_.numel() > 0 ? margins_.max().item<double>() : 0;
  if (largest > kLargestMargin) {
    throw Error("the margin of a class is " + std::to_string(largest) +
                ", expected at most 1.5; lower \"margin\" or \"margin_offset\"");
  }
}

at::Tensor ClassMargins::of(const at::Tensor& labels) {
  if (margins_.device() != labels.device()) margins_ = margins_.to(labels.device());
  return margins_.index_select(0, labels).unsqueeze(1);
}

namespace {

/// See arc_face.hpp.
class ArcFaceLoss final : public SampleProxyLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"AdditiveAngularMargin", "AAMSoftmax", "ArcFaceLossWithMLP"};
  struct Params : ArcFaceParams {
    static void describe(Schema<Params>& schema) { describe_arc_face(schema); }
  };

  ArcFaceLoss(const Params& params, const Site& site)
      : SampleProxyLoss(site), params_(params), margins_(params, site) {}

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return arc_face_sums(proxies_.cosines(embeddings), proxies_.exact_cosines(embeddings, labels), labels,
                         margins_.of(labels), params_);
  }

 private:
  Params params_;
  ClassMargins margins_;
};

}  // namespace
KINDRED_COMPONENT(Loss, ArcFaceLoss, "kindred.arc_face", "1.2.0",
                  "Cross-entropy of cosines with a margin added to the own class's angle");
}  // namespace kindred
