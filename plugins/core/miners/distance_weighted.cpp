#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

#include "core/losses/pair_terms.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"
#include "positives.hpp"

namespace kindred {
namespace {

/// Draws a negative for every positive pair, with a weight that evens out how often a distance occurs on the
/// sphere (Wu, Manmatha, Smola, Krähenbühl 2017, eqs. 2 and 3), d between embeddings of length 1 and D their
/// dimension:
///   log w = (2 - D) log d - (D - 3) / 2 log(1 - d^2 / 4),  d at least `cutoff`, w = 0 beyond `far`
/// An anchor all of whose negatives are too far draws among them evenly.
class DistanceWeightedMiner final : public AnchorMiner {
 public:
  struct Params {
    double cutoff = 0.5;
    double far = 1.4;
    static void describe(Schema<Params>& schema) {
      schema.field("cutoff", &Params::cutoff)
          .doc("Smaller distances count as this one, which bounds the weights.")
          .range(0.01, 2);
      schema.field("far", &Params::far).doc("Negatives beyond this distance are not drawn.").range(0.01, 2);
    }
  };

  explicit DistanceWeightedMiner(const Params& params) : params_(params) {}

  bool gives_triplets() const override { return true; }

  Mined mine(const PairBatch& batch) override {
    const auto lists = positive_lists(batch.masks);
    const auto cosines = cosine_similarities(batch);
    const auto uniform = at::rand({cosines.size(0), lists.longest()}, at::TensorOptions().dtype(at::kDouble))
                             .to(cosines.device());
    const auto& negatives = batch.masks.negative;
    const auto dimension = static_cast<double>(batch.embeddings.size(1));
    auto drawn = at::empty_like(lists.columns);
    const auto draw_rows = [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      const auto part = [&](const at::Tensor& of_all) { return of_all.slice(0, begin, end); };
      part(drawn).copy_(draw(weights(2 - 2 * part(cosines), part(negatives), dimension), part(uniform)));
    };
    if (cosines.is_cpu()) {
      // What is computed between two matrices stays in the cache.
      const int64_t rows = cosines.size(0), tiles = (rows + kTileRows - 1) / kTileRows;
      at::parallel_for(0, tiles, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) draw_rows(i * kTileRows, std::min((i + 1) * kTileRows, rows));
      });
    } else {
      draw_rows(0, cosines.size(0));
    }
    return {{}, triplets_of(lists, drawn, negatives)};
  }

 private:
  static constexpr int64_t kTileRows = 16;

  /// Of squared distances (B, R) -> float64 (B, R), zero where nothing may be drawn.
  at::Tensor weights(const at::Tensor& squared, const at::Tensor& negatives, double dimension) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto clamped = squared.clamp_min(params_.cutoff * params_.cutoff);
    const auto logarithm =
        (2 - dimension) / 2 * clamped.log() - (dimension - 3) / 2 * (1 - clamped / 4).clamp_min(1e-8).log();
    const auto allowed = negatives.logical_and(clamped < params_.far * params_.far);
    const auto some = allowed.any(1, true);
    const auto relative = logarithm.masked_fill(allowed.logical_not(), -infinity)
                              .masked_fill(some.logical_not(), 0);  // these rows are replaced
    const auto weighted = (relative - relative.amax(1, true)).exp();
    return at::where(some, weighted, negatives.to(weighted.scalar_type())).to(at::kDouble);
  }

  /// Returns columns int64 (B, K), each drawn with its weight by a number of uniform (B, K), from 0 to 1.
  static at::Tensor draw(const at::Tensor& weights, const at::Tensor& uniform) {
    const auto sums = weights.cumsum(1).contiguous();
    const auto total = sums.slice(1, sums.size(1) - 1);
    // The first column whose running sum exceeds the draw, so that columns of weight zero never come.
    const auto found = at::searchsorted(sums, (uniform * total).contiguous(), false, true);
    // Rounding can make a draw reach the total; it gets the last column that has a weight then.
    const auto last = at::searchsorted(sums, total.contiguous(), false, false);
    return found.minimum(last);
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Miner, DistanceWeightedMiner, "kindred.distance_weighted", "1.0.0",
                  "For each positive pair a negative drawn evenly over distances");
}  // namespace kindred
