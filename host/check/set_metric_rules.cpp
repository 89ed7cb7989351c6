#include <ATen/ATen.h>

#include <cmath>

#include "host/check/examples/metric_examples.hpp"

namespace kindred::host {
namespace {

/// Undefined twice is no difference: a metric may have nothing to say of a set without pairs.
bool differ(double a, double b) { return std::isnan(a) != std::isnan(b) || std::abs(a - b) > 1e-5; }

/// Returns the same set in another order, with other numbers of the classes.
EvaluatedSet reordered(const EvaluatedSet& set) {
  const auto order = at::randperm(set.labels.numel(), at::kLong);
  auto other = set;
  other.embeddings = set.embeddings.index_select(0, order);
  other.labels = set.labels.index_select(0, order) * 1000003 + 17;
  if (set.pairs.defined()) {
    const auto pairs = at::randperm(set.pairs.scores.numel(), at::kLong);
    const auto rows = set.pairs.rows.index_select(0, pairs).flatten();
    other.pairs.rows = order.argsort().index_select(0, rows).view({-1, 2});
    other.pairs.scores = set.pairs.scores.index_select(0, pairs);
  }
  return other;
}

/// 60 samples that lie on 6 points, every seventh under the label of another point, so that samples of
/// several classes are equally far. Of signs alone distances are exact, whatever the order of their sums.
EvaluatedSet tied_set() {
  at::manual_seed(1);
  const auto rows = at::arange(60, at::kLong), points = at::randint(0, 2, {6, 16}, at::kFloat) * 2 - 1;
  return {points.index_select(0, rows.remainder(6)),
          (rows + rows.remainder(7).eq(0).to(at::kLong)).remainder(6)};
}

void set_values_stay_in_range(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto clear = with_and_without_pairs(example_set(1, 1e-3)),
             blurred = with_and_without_pairs(example_set(1, 5));
  const bool rises = metric->higher_is_better();
  size_t defined = 0;
  for (size_t i = 0; i < clear.size(); ++i) {
    const double best = metric->of_set(clear[i]), worse = metric->of_set(blurred[i]);
    if (std::isnan(best) && std::isnan(worse)) continue;
    ++defined;
    for (const double value : {best, worse}) {
      const bool in_range = rises ? value <= 1 + 1e-9 && value >= -1 - 1e-9 : value >= 0;
      require(std::isfinite(value) && in_range, "gives {} for 60 samples", value);
    }
    require(rises ? best >= worse : best <= worse, "holds clear classes ({}) worse than blurred ones ({})",
            best, worse);
  }
  require(defined > 0, "is undefined for 60 samples of 6 classes, with pairs and without");
}

void sets_have_no_order(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  // Clear classes: a metric that clusters begins with samples drawn by their number.
  for (const auto& set : with_and_without_pairs(example_set(1, 1e-2))) {
    const double a = metric->of_set(set), b = metric->of_set(reordered(set));
    require(!differ(a, b), "gives {}, and {} in another order with other numbers of the classes", a, b);
  }
}

void ties_have_no_order(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  for (const auto& set : with_and_without_pairs(tied_set())) {
    const double a = metric->of_set(set);
    for (int i = 0; i < 4; ++i) {
      const double b = metric->of_set(reordered(set));
      require(!differ(a, b), "gives {}, and {} when samples at equal distances change places", a, b);
    }
  }
}

void tiles_do_not_matter(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  for (auto set : with_and_without_pairs(example_set(1, 1))) {
    const double whole = metric->of_set(set);
    set.tile_bytes = 1;
    const double tiled = metric->of_set(set);
    require(!differ(whole, tiled), "gives {} with large and {} with small tiles", whole, tiled);
  }
}

void sets_may_be_degenerate(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto x = at::randn({6, 8});
  const auto finite = [&](const EvaluatedSet& set, const char* what) {
    require(!std::isinf(metric->of_set(set)), "is infinite for {}", what);
  };
  for (const auto& labels : {at::zeros({6}, at::kLong), at::arange(6, at::kLong)}) {
    finite({x, labels}, "one class, or for classes of one");
    finite({at::ones({6, 8}), labels}, "equal samples");
  }
  finite({x.slice(0, 0, 1), at::zeros({1}, at::kLong)}, "one sample");
  auto set = with_and_without_pairs({x, at::arange(6, at::kLong)}).back();
  for (const double score : {0.0, 1.0}) {
    set.pairs.scores = at::full({12}, score, at::kFloat);
    finite(set, "pairs of one score");
  }
  const auto first = [](const at::Tensor& all) { return all.slice(0, 0, 1); };
  set.pairs = {first(set.pairs.rows), first(set.pairs.scores), first(set.pairs.subgroups)};
  finite(set, "one pair");
}

}  // namespace

std::vector<Rule> set_metric_rules() {
  return {
      metric_rule(true, "set_values_stay_in_range",
                  "of a whole set: from -1 to 1, or not negative where smaller is better; clear classes are "
                  "better than blurred ones",
                  set_values_stay_in_range),
      metric_rule(true, "sets_have_no_order", "of a whole set: order and numbers of classes say nothing",
                  sets_have_no_order),
      metric_rule(true, "ties_have_no_order", "of a whole set: neither does that of equal distances",
                  ties_have_no_order),
      metric_rule(true, "tiles_do_not_matter", "of a whole set: the same whatever the size of a tile",
                  tiles_do_not_matter),
      metric_rule(true, "sets_may_be_degenerate", "of a whole set: one class, one sample are no failure",
                  sets_may_be_degenerate),
  };
}

}  // namespace kindred::host
