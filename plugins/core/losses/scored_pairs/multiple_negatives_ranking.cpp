#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pair_objects.hpp"

namespace kindred {
namespace {

/// Multiple negatives ranking (Henderson et al. 2017, section 4.4; the InfoNCE of van den Oord et al. 2018,
/// eq. 4): with similarities s, the mean over the pairs (a_i, b_i) that are similar of
///   -log(exp(scale s(a_i, b_i)) / sum_j exp(scale s(a_i, b_j)))
/// where j goes over the second objects of all pairs, whatever their subgroups. Those of pairs that are not
/// similar are thus hard negatives, of their own first object and of all others. Left out of the sum is what
/// is no negative: the anchor itself, its second object in another pair, and what a pair of the batch, in
/// either direction, calls similar to the anchor. `symmetric`: the mean of that and the same for b_i among
/// the a_j of similar pairs. `learn_scale`: ln(scale) is trained and kept between 0 and ln(100); with
/// `symmetric` this is CLIP's loss and its temperature (Radford et al. 2021, figure 3 and section 2.5).
class MultipleNegativesRankingLoss final : public ScoredPairLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MNRL",
                                                 "MNR",
                                                 "MultiNegativesRanking",
                                                 "CachedMultipleNegativesRankingLoss",
                                                 "MultipleNegativesSymmetricRankingLoss",
                                                 "CachedMultipleNegativesSymmetricRankingLoss",
                                                 "MultiNegRank",
                                                 "CLIPLoss",
                                                 "ClipLoss"};
  struct Params {
    double scale = 20.0;
    std::string distance = "cosine";
    bool symmetric = false;
    bool learn_scale = false;
    static void describe(Schema<Params>& schema) {
      schema.field("scale", &Params::scale)
          .doc("Factor on the similarities: 20 suits cosines, 1 dot products.")
          .range(0.001, 10000);
      schema.field("distance", &Params::distance)
          .doc("The similarity is a cosine or a dot product.")
          .one_of({"cosine", "dot"});
      schema.field("symmetric", &Params::symmetric)
          .doc("First objects are looked for among all others, too, by the second ones.");
      schema.field("learn_scale", &Params::learn_scale)
          .doc(
              "Whether the scale is trained, from 1 to 100, and begins with what \"scale\" says: CLIP begins "
              "with 14.2857, a temperature of 0.07.");
    }
  };

  explicit MultipleNegativesRankingLoss(const Params& params)
      : params_(params),
        distance_(distance_from_name(params.distance)),
        log_scale_(at::full({}, std::log(params.scale), at::kFloat)) {
    if (params.learn_scale && (params.scale < 1 || params.scale > kLargestScale)) {
      std::ostringstream message;
      message << "\"scale\" is " << params.scale << ", expected 1 to " << kLargestScale
              << " where \"learn_scale\" is true";
      throw Error(message.str());
    }
  }

  std::vector<NamedTensor> parameters() override {
    if (!params_.learn_scale) return {};
    return {{"log_scale", log_scale_}};
  }

  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    const auto anchors = are_similar(pairs.scores).nonzero().squeeze(1);
    if (anchors.numel() == 0) return (pairs.a.sum() + pairs.b.sum()) * 0;
    const auto objects = distinct_objects(pairs);
    // (A, P): of each anchor and each second object. A constant in a row, such as the 1 in 1 - cos, cancels.
    const auto distances = distance_matrix(distance_, pairs.a.index_select(0, anchors), pairs.b);
    const auto logits = params_.learn_scale ? -distances * learnt_scale().to(distances.options())
                                            : -params_.scale * distances;
    const auto own = anchors.unsqueeze(1) == at::arange(pairs.b.size(0), anchors.options());
    const auto similar = similar_objects(objects, pairs.scores)
                             .index_select(0, objects.a.index_select(0, anchors))
                             .index_select(1, objects.b);
    const auto left_out = similar.logical_and(own.logical_not());
    auto forward = cross_entropy(logits, left_out, anchors);
    if (!params_.symmetric) return forward;
    const auto back =
        cross_entropy(logits.index_select(1, anchors).t(), left_out.index_select(1, anchors).t(),
                      at::arange(anchors.numel(), anchors.options()));
    return 0.5 * (forward + back);
  }

 private:
  static constexpr double kLargestScale = 100;

  /// A step may have led out of the range; the value is brought back, so that the next one can go on from
  /// there.
  at::Tensor learnt_scale() {
    {
      at::NoGradGuard no_grad;
      log_scale_.clamp_(0, std::log(kLargestScale));
    }
    return log_scale_.exp();
  }

  static at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& left_out,
                                  const at::Tensor& targets) {
    const auto all = logits.masked_fill(left_out, -std::numeric_limits<double>::infinity()).logsumexp({1});
    return (all - logits.gather(1, targets.unsqueeze(1)).squeeze(1)).mean();
  }

  Params params_;
  Distance distance_;
  at::Tensor log_scale_;
};

}  // namespace
KINDRED_COMPONENT(Loss, MultipleNegativesRankingLoss, "kindred.multiple_negatives_ranking", "1.1.0",
                  "Finds the second object of each pair among those of all others");
}  // namespace kindred
