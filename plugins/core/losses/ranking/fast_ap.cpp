#include <ATen/ATen.h>

#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "soft_histograms.hpp"

namespace kindred {
namespace {

/// FastAP (Cakir et al. 2019, eqs. 7 to 10): squared distances of normalised embeddings, 0 to 4, in soft
/// histograms of `bins` + 1 triangles; with h+ of an anchor's positives, h of all, and H+, H their running
/// sums,
///   l_i = 1 - 1/|P(i)| sum_b h+_b H+_b / H_b
/// averaged over the anchors that have a positive. A distance lies in two triangles at most, so memory is O(B
/// R) whatever the number of bins.
class FastApLoss final : public AnchorLoss {
 public:
  struct Params {
    int64_t bins = 10;
    static void describe(Schema<Params>& schema) {
      schema.field("bins", &Params::bins).doc("Of the histogram.").range(1, 1000);
    }
  };

  explicit FastApLoss(const Params& params) : params_(params) {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    // Between vectors of length 1 the squared distance is 2 - 2 x.y; in widths of a bin:
    const auto place = (2 - 2 * cosine_similarities(batch)) * (static_cast<double>(params_.bins) / 4);
    const auto& masks = batch.masks;
    const auto histograms = soft_histograms(place, masks, params_.bins);
    const auto& positives = histograms.positive;
    const auto negatives = histograms.negative.cumsum(1);
    const auto above = positives * negatives, below = positives.cumsum(1) + negatives;
    const auto counted = below.detach() > 0;
    const auto terms =
        at::where(counted, above / at::where(counted, below, at::ones_like(below)), at::zeros_like(below));
    const auto count = counts_of_chosen(masks.positive);
    return sums_of_chosen(terms.sum(1) / count.clamp_min(1).to(place.scalar_type()), count > 0);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, FastApLoss, "kindred.fast_ap", "1.0.0",
                  "Average precision from soft histograms of distances");
}  // namespace kindred
