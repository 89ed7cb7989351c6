#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>

#include "kindred/plugin.hpp"
#include "paired_similarity.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Spearman's rank correlation (Spearman 1904) of the similarities of pairs and their scores: with x and y
/// their ranks without the mean rank, where equal values share the mean of theirs,
///   sum x y / sqrt(sum x^2 sum y^2)
/// The value is from -1 to 1; it is undefined without pairs, and where all scores or all similarities are
/// equal.
class Spearman final : public SetMetric {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"EmbeddingSimilarityEvaluator", "SpearmanCosine"};
  using Params = DistanceParams;
  explicit Spearman(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "spearman"; }
  std::string distance() const override { return params_.distance; }

  double of_set(const EvaluatedSet& set) const override {
    if (!set.pairs.defined() || set.pairs.rows.size(0) < 2) return std::numeric_limits<double>::quiet_NaN();
    at::NoGradGuard no_grad;
    const auto x = centred_ranks(paired_similarities(set, distance_from_name(params_.distance)));
    const auto y = centred_ranks(set.pairs.scores);
    const double spread = (x.square().sum() * y.square().sum()).sqrt().item<double>();
    if (spread == 0) return std::numeric_limits<double>::quiet_NaN();
    return (x * y).sum().item<double>() / spread;
  }

 private:
  /// float64 (P): ranks without their mean; sums of halves, so exactly zero where all values are equal.
  static at::Tensor centred_ranks(const at::Tensor& values) {
    const auto sorted = std::get<0>(values.sort()).contiguous(), plain = values.contiguous();
    const auto below = at::searchsorted(sorted, plain),
               not_above = at::searchsorted(sorted, plain, false, true);
    const auto twice = below + not_above;  // 2 rank - 1
    return (twice - values.numel()).to(at::kDouble) / 2;
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, Spearman, "kindred.spearman", "1.0.0",
                  "Rank correlation of the similarities of pairs and their scores");
}  // namespace kindred
