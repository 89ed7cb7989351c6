#include <ATen/ATen.h>

#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Pairs drawn so that all distances are seen alike: the range of the distances is cut into bins of equal
/// width, and of each bin so many positive and negative pairs are drawn, or all where there are fewer. No
/// paper: it is that of pytorch-metric-learning, which draws with replacement; the aim is that of
/// distance_weighted (Wu, Manmatha, Smola, Krähenbühl 2017, section 4.1).
class UniformHistogramMiner final : public Miner {
 public:
  struct Params : PairDistanceParams {
    int64_t bins = 100;
    int64_t positives = 10;
    int64_t negatives = 10;
    static void describe(Schema<Params>& schema) {
      schema.field("bins", &Params::bins).doc("Of the distances of a batch.").range(1, 100000);
      schema.field("positives", &Params::positives).doc("Positive pairs per bin.").range(1, 1000000);
      schema.field("negatives", &Params::negatives).doc("Negative pairs per bin.").range(1, 1000000);
      describe_distance(schema);
    }
  };

  explicit UniformHistogramMiner(const Params& params) : params_(params), distance_(params) {}

  Mined mine(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    return {{drawn(d, batch.masks.positive, params_.positives),
             drawn(d, batch.masks.negative, params_.negatives)},
            {}};
  }

 private:
  at::Tensor drawn(const at::Tensor& d, const at::Tensor& chosen, int64_t per_bin) const {
    const auto places = chosen.reshape({-1}).nonzero().squeeze(1);
    if (places.numel() == 0) return chosen;
    // The places are put in a random order and then sorted by bin, which keeps that order.
    const auto shuffled = places.index_select(0, at::randperm(places.numel(), at::kLong).to(places.device()));
    const auto values = d.reshape({-1}).index_select(0, shuffled);
    const auto low = values.min(),
               width = (values.max() - low).clamp_min(1e-12) / static_cast<double>(params_.bins);
    const auto bin =
        ((values - low) / width).floor().clamp_max(static_cast<double>(params_.bins - 1)).contiguous();
    const auto sorted = bin.sort(true, 0, false);  // stable
    const auto bins = std::get<0>(sorted).contiguous();
    const auto place_in_bin = at::arange(bins.numel(), places.options()) - at::searchsorted(bins, bins);
    const auto kept = shuffled.index_select(0, std::get<1>(sorted).masked_select(place_in_bin < per_bin));
    return at::zeros_like(chosen.reshape({-1})).index_fill_(0, kept, true).view_as(chosen);
  }

  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, UniformHistogramMiner, "kindred.uniform_histogram", "1.0.0",
                  "Pairs drawn so that all distances are seen alike");
}  // namespace kindred
