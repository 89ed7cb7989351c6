#include <ATen/ATen.h>

#include <cmath>

#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pair_objects.hpp"

namespace kindred {
namespace {

/// SigLIP's sigmoid loss (Zhai et al. 2023, section 3.2): with cosines c of each first and each second object
/// of a batch of P pairs,
///   -1/P sum over i, j of ln sigmoid(z_ij (t c_ij + b))
/// where z_ij is 1 if a pair of the batch, in either direction, calls the two similar, and -1 otherwise. An
/// object is not compared with itself. Each pair counts by itself, so that small batches cost little.
/// `learn`: ln t and b are trained.
class SigmoidPairsLoss final : public ScoredPairLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SigLIPLoss", "SigLipLoss", "SigmoidLoss", "sigmoid_loss"};
  struct Params {
    double scale = 10.0;
    double bias = -10.0;
    bool learn = true;
    static void describe(Schema<Params>& schema) {
      schema.field("scale", &Params::scale)
          .doc("Factor on the cosines, or its first value.")
          .range(0.001, 10000);
      schema.field("bias", &Params::bias)
          .doc(
              "Added to the cosines times the scale, or its first value. Far below zero it says that most "
              "pairs of a batch are dissimilar.")
          .range(-10000, 10000);
      schema.field("learn", &Params::learn).doc("Whether scale and bias are trained.");
    }
  };

  explicit SigmoidPairsLoss(const Params& params)
      : learn_(params.learn),
        log_scale_(at::full({}, std::log(params.scale), at::kFloat)),
        bias_(at::full({}, params.bias, at::kFloat)) {}

  std::vector<NamedTensor> parameters() override {
    if (!learn_) return {};
    return {{"log_scale", log_scale_}, {"bias", bias_}};
  }

  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    const auto objects = distinct_objects(pairs);
    const auto cosines = 1 - distance_matrix(Distance::cosine, pairs.a, pairs.b);
    const auto logits = log_scale_.exp().to(cosines.options()) * cosines + bias_.to(cosines.options());
    const auto similar =
        similar_objects(objects, pairs.scores).index_select(0, objects.a).index_select(1, objects.b);
    const auto terms = at::log_sigmoid(at::where(similar, logits, -logits));
    const auto itself = objects.a.unsqueeze(1) == objects.b.unsqueeze(0);
    return -terms.masked_fill(itself, 0).sum() / static_cast<double>(pairs.a.size(0));
  }

 private:
  bool learn_;
  at::Tensor log_scale_, bias_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SigmoidPairsLoss, "kindred.sigmoid_pairs", "1.0.0",
                  "Says of each two objects of a batch whether they belong together, as SigLIP does");
}  // namespace kindred
