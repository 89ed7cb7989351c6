#include <ATen/ATen.h>

#include <algorithm>

#include "core/losses/known_gradient.hpp"
#include "core/losses/pair_distance.hpp"
#include "core/losses/pair_terms.hpp"
#include "core/miners/batch_easy_hard.hpp"
#include "hardest_pairs.hpp"
#include "kindred/error.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "triplet_windows.hpp"

namespace kindred {
namespace {

/// Triplet loss (Schroff, Kalenichenko, Philbin 2015, section 3.1; semi-hard: eq. 4; batch hard: Hermans,
/// Beyer, Leibe 2017, eq. 5, and its soft margin; the division by the negatives is Quaterion's).
///   all        relu(d_ap - d_an + margin) over every triplet
///   semi_hard  the same over triplets with d_ap < d_an < d_ap + margin
///   hard       per anchor its farthest positive and its nearest negative
/// or over the triplets that a miner chose; "soft" puts log(1 + exp(d_ap - d_an)) in place of the hinge.
/// Memory is O(B^2): triplets of "all" and "semi_hard" are counted, not made. The soft margin is no sum of
/// distances, so its triplets are visited, B positive pairs at a time.
class TripletLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"TripletMarginLoss",        "TripletMarginWithDistanceLoss",
                                                 "BatchAllTripletLoss",      "BatchHardTripletLoss",
                                                 "BatchSemiHardTripletLoss", "BatchHardSoftMarginTripletLoss",
                                                 "TripletLossWithMiner",     "TripletLossPlain",
                                                 "TripletSemiHardLoss",      "TripletHardLoss"};
  struct Params : PairDistanceParams {
    std::string mining = "hard";
    double margin = 0.5;
    bool soft = false;
    bool scale_by_negatives = true;
    std::string average = "auto";
    static void describe(Schema<Params>& schema) {
      schema.field("mining", &Params::mining)
          .doc("Which triplets count, unless a miner chooses them.")
          .one_of({"all", "hard", "semi_hard"});
      schema.field("margin", &Params::margin)
          .doc("How much farther a negative must be than a positive.")
          .range(0, 1000);
      schema.field("soft", &Params::soft)
          .doc(
              "log(1 + exp(d_ap - d_an)) in place of the hinge, as a mean over all chosen triplets. "
              "The margin is then only the window of \"semi_hard\".");
      schema.field("scale_by_negatives", &Params::scale_by_negatives)
          .doc(
              "With \"hard\" and no \"soft\": divide d_ap - d_an by the batch mean of d_an, against "
              "collapse. "
              "Has to be false with the distance \"dot\", which has no scale.");
      schema.field("average", &Params::average)
          .doc(
              "Mean over all triplets, or over the active ones with a loss above zero; \"auto\" is \"all\" "
              "for \"hard\" and \"active\" otherwise.")
          .one_of({"auto", "all", "active"});
      describe_distance(schema);
    }
  };

  explicit TripletLoss(const Params& params) : params_(params), distance_(params) {
    if (params.distance == "dot" && params.mining == "hard" && params.scale_by_negatives && !params.soft) {
      throw Error("triplet: dot distances have no scale, so set \"scale_by_negatives\" to false with them");
    }
  }

  /// The mean of d_an is one of all anchors; besides, forward() searches the hardest pairs by tiles itself.
  bool is_sum_over_anchors() const override { return params_.mining != "hard"; }
  bool is_sum_over_triplets() const override { return true; }

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    if (batch.triplets.defined()) return chosen(d, batch.triplets);
    return params_.soft ? soft_windowed(d, batch.masks) : windowed(d, batch.masks);
  }

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return params_.mining == "hard" ? hard(embeddings, labels)
                                    : forward_pairs(pair_batch(embeddings, labels));
  }

  at::Tensor forward_pairs(const PairBatch& batch) override {
    if (params_.mining != "hard" || batch.triplets.defined()) return AnchorLoss::forward_pairs(batch);
    const auto d = distance_.matrix(batch);
    const auto hardest = chosen_triplets(d.detach(), batch.masks, Hardness::hard, Hardness::hard);
    return hard_loss(at_pairs(d, hardest.anchors, hardest.positives),
                     at_pairs(d, hardest.anchors, hardest.negatives));
  }

 private:
  at::Tensor hard(const at::Tensor& embeddings, const at::Tensor& labels) const {
    // Only two entries of each row get a gradient, so the matrix is searched without one and those entries
    // are computed again: O(B D) backward in place of two matrix products.
    // The cosine distance of normalised rows is 1 more than their dot distance.
    const bool cosine = distance_.distance().kind == Distance::cosine;
    const auto kind = cosine ? Distance::dot : distance_.distance();
    const auto x = cosine ? l2_normalized(embeddings) : distance_.prepared(embeddings);
    const auto pairs = hardest_pairs(kind, x, labels);
    const bool all = pairs.anchors.numel() == x.size(0);
    const auto anchors = all ? x : x.index_select(0, pairs.anchors);
    const double offset = cosine ? 1 : 0;
    return hard_loss(paired_distance(kind, anchors, x.index_select(0, pairs.positives)) + offset,
                     paired_distance(kind, anchors, x.index_select(0, pairs.negatives)) + offset);
  }

  /// Distances of each anchor's hardest pairs, (A) each.
  at::Tensor hard_loss(const at::Tensor& positive, const at::Tensor& negative) const {
    if (positive.numel() == 0) return positive.sum();  // zero, with its way back to the embeddings
    if (params_.soft) return log_one_plus_exp(positive - negative).mean();
    auto gap = positive - negative;
    if (params_.scale_by_negatives) gap = gap / negative.mean().clamp_min(1e-6);
    const auto loss = (gap + params_.margin).relu();
    return params_.average == "active" ? mean_of_chosen(loss, loss > 0) : loss.mean();
  }

  LossSums chosen(const at::Tensor& d, const Triplets& triplets) const {
    const auto gap =
        at_pairs(d, triplets.anchors, triplets.positives) - at_pairs(d, triplets.anchors, triplets.negatives);
    if (params_.soft) return sums_of_all(log_one_plus_exp(gap));
    const auto loss = (gap + params_.margin).relu();
    return params_.average == "all" ? sums_of_all(loss) : sums_of_chosen(loss, loss > 0);
  }

  static at::Tensor at_pairs(const at::Tensor& d, const at::Tensor& rows, const at::Tensor& columns) {
    return d.reshape({-1}).index_select(0, rows * d.size(1) + columns);
  }

  LossSums windowed(const at::Tensor& distances, const PairMasks& masks) const {
    const auto sums = triplet_sums(distances, masks, {params_.margin, params_.mining == "all"});
    auto count = sums.count;
    if (params_.average == "all") {
      const auto dtype = distances.scalar_type();
      count = (counts_of_chosen(masks.positive).to(dtype) * counts_of_chosen(masks.negative).to(dtype)).sum();
    }
    return one_sum(with_known_gradient(distances, sums.gaps, sums.gradient), count);
  }

  LossSums soft_windowed(const at::Tensor& distances, const PairMasks& masks) const {
    const auto d = distances.detach();
    auto total = at::zeros({}, d.options()), count = at::zeros({}, d.options());
    auto gradient = at::zeros_like(d);
    const auto pairs = masks.positive.nonzero();  // (P, 2): anchor, positive
    for (int64_t first = 0; first < pairs.size(0); first += d.size(0)) {
      const auto tile = pairs.slice(0, first, std::min(first + d.size(0), pairs.size(0)));  // (T, 2)
      const auto anchors = tile.select(1, 0), positives = tile.select(1, 1);
      const auto gap = at_pairs(d, anchors, positives).unsqueeze(1) - d.index_select(0, anchors);  // (T, R)
      auto chosen = masks.negative.index_select(0, anchors);
      if (params_.mining == "semi_hard")
        chosen = chosen.logical_and(gap < 0).logical_and(gap > -params_.margin);
      const auto weight = chosen.to(d.scalar_type());
      total += (weight * log_one_plus_exp(gap)).sum();
      count += weight.sum();
      const auto slope = weight * gap.sigmoid();
      gradient.index_add_(0, anchors, -slope);
      gradient.view({-1}).index_add_(0, anchors * d.size(1) + positives, slope.sum(1));
    }
    return one_sum(with_known_gradient(distances, total, gradient), count);
  }

  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Loss, TripletLoss, "kindred.triplet", "1.0.0",
                  "Triplet margin loss over all, the hardest or the semi-hard triplets of a batch");
}  // namespace kindred
