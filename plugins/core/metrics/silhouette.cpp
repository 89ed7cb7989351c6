#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Mean silhouette of the classes (Rousseeuw 1987, section 2): (b - a) / max(a, b), a the mean distance to
/// the own class, b the smallest mean distance to another; 0 for a class of one. From -1 to 1.
class Silhouette final : public SetMetric {
 public:
  using Params = DistanceParams;
  explicit Silhouette(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "silhouette"; }
  std::string distance() const override { return params_.distance; }
  double of_set(const EvaluatedSet& set) const override {
    at::NoGradGuard no_grad;
    const auto [classes, place] = at::_unique(set.labels, true, true);  // (C), (N)
    const int64_t count = set.labels.numel(), groups = classes.numel();
    if (groups < 2) return std::numeric_limits<double>::quiet_NaN();
    const auto sizes = place.bincount({}, groups).to(at::kDouble);
    const auto distance = distance_from_name(params_.distance);
    const int64_t rows = std::max<int64_t>(1, set.tile_bytes / (count * 8));
    double sum = 0;
    for (int64_t first = 0; first < count; first += rows) {
      const int64_t last = std::min(first + rows, count);
      const auto d = distance_matrix(distance, set.embeddings.slice(0, first, last), set.embeddings)
                         .cpu()
                         .to(at::kDouble);
      const auto totals = at::zeros({last - first, groups}, at::kDouble).index_add(1, place, d);
      const auto own = place.slice(0, first, last).unsqueeze(1);
      const auto others = sizes.index_select(0, own.squeeze(1)) - 1;
      const auto a = (totals.gather(1, own).squeeze(1) -
                      d.gather(1, at::arange(first, last, at::kLong).unsqueeze(1)).squeeze(1)) /
                     others.clamp_min(1);
      const auto b = (totals / sizes).scatter(1, own, std::numeric_limits<double>::infinity()).amin(1);
      const auto scale = a.maximum(b);
      const auto counted = (others > 0).logical_and(scale > 0);
      sum += at::where(counted, (b - a) / at::where(counted, scale, at::ones_like(scale)), at::zeros_like(a))
                 .sum()
                 .item<double>();
    }
    return sum / static_cast<double>(count);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, Silhouette, "kindred.silhouette", "1.0.0",
                  "How much nearer samples are to their own class than to the next one");
}  // namespace kindred
