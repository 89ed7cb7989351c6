#include <ATen/ATen.h>

#include <ATen/core/grad_mode.h>

#include "class_proxies.hpp"
#include "core/losses/angles.hpp"

namespace kindred {
namespace {

/// CurricularFace (Huang et al. 2020, eqs. 5 to 8): ArcFace in which a class whose cosine exceeds that of the
/// own class with its margin counts with cos (t + cos) in place of cos. t is a running mean of the own
/// classes' cosines, so that hard classes gain weight in the course of the training.
class CurricularFaceLoss final : public ProxyLoss {
 public:
  struct Params {
    double margin = 0.5;
    double scale = 64.0;
    double momentum = 0.01;
    static void describe(Schema<Params>& schema) {
      describe_angular_margin(schema);
      schema.field("momentum", &Params::momentum).doc("Share of a batch in the running mean.").range(0, 1);
    }
  };

  CurricularFaceLoss(const Params& params, const Site& site)
      : ProxyLoss(site), params_(params), mean_(at::zeros({1}, at::kFloat)) {}

  std::vector<NamedTensor> buffers() override { return {{"mean_cosine", mean_}}; }
  void train(bool on) override { training_ = on; }

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto cosines = proxies_.cosines(embeddings);
    const auto own = labels.unsqueeze(1);
    const auto c = proxies_.exact_cosines(embeddings, labels);
    if (training_) {
      at::NoGradGuard no_grad;
      mean_.lerp_(c.detach().mean().to(mean_.scalar_type()).view({1}), params_.momentum);
    }
    const auto target = with_angular_margin(c, params_.margin).to(cosines.scalar_type());
    const auto t = mean_.to(cosines.scalar_type()).clone();  // the buffer changes before the backward pass
    const auto hard = cosines.detach() > target.detach();
    const auto logits = at::where(hard, cosines * (t + cosines), cosines).scatter(1, own, target);
    return loss_of(cross_entropy(params_.scale * logits, labels));
  }

 private:
  Params params_;
  at::Tensor mean_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Loss, CurricularFaceLoss, "kindred.curricular_face", "1.0.0",
                  "ArcFace that weighs hard classes more as training goes on");
}  // namespace kindred
