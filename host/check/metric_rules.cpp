#include <ATen/ATen.h>

#include <cmath>

#include "host/check/rule.hpp"
#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kQueries = 40, kSamples = 30;

/// Rankings of all other samples; query i has between 0 and 5 relevant ones, placed at random, or first when
/// `perfect`.
Ranking ranking_of(uint64_t seed, bool perfect = false) {
  at::manual_seed(seed);
  Ranking out;
  out.relevant_count = at::arange(kQueries, at::kLong).remainder(6);
  const auto positions = at::arange(kSamples, at::kLong).unsqueeze(0).expand({kQueries, kSamples});
  const auto places =
      perfect ? positions : at::rand({kQueries, kSamples}).argsort(int64_t{1}).argsort(int64_t{1});
  out.relevant = places < out.relevant_count.unsqueeze(1);
  const auto first = std::get<1>(out.relevant.to(at::kLong).max(1)) + 1;
  out.first_relevant = at::where(out.relevant_count > 0, first, at::zeros_like(first));
  return out;
}

Ranking rows(const Ranking& all, const at::Tensor& index) {
  return {all.relevant.index_select(0, index), all.relevant_count.index_select(0, index),
          all.first_relevant.index_select(0, index)};
}

at::Tensor counting(const at::Tensor& values, const Ranking& ranking) {
  return values.to(at::kDouble).masked_select(ranking.relevant_count > 0);
}

void gives_a_number_per_query(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto values = metric->per_query(ranking_of(1));
  require(values.defined() && values.dim() == 1 && values.size(0) == kQueries,
          "does not give one number per query");
  require(values.scalar_type() == at::kDouble, "gives {}, not float64", at::toString(values.scalar_type()));
}

void stays_between_0_and_1(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  for (const uint64_t seed : {1, 2, 3}) {
    const auto ranking = ranking_of(seed);
    const auto values = counting(metric->per_query(ranking), ranking);
    require(values.isfinite().all().item<bool>(), "gives a number that is not finite");
    const double low = values.min().item<double>(), high = values.max().item<double>();
    require(low >= 0 && high <= 1, "gives numbers from {} to {}", low, high);
  }
}

void perfect_is_best(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto perfect = ranking_of(1, true);
  const auto best = counting(metric->per_query(perfect), perfect);
  for (const uint64_t seed : {1, 2, 3}) {
    const auto ranking = ranking_of(seed);
    require((counting(metric->per_query(ranking), ranking) <= best + 1e-12).all().item<bool>(),
            "values a random order above the perfect one");
  }
}

void queries_are_independent(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto ranking = ranking_of(1);
  const auto all = metric->per_query(ranking);
  const auto order = at::randperm(kQueries, at::kLong);
  const auto permuted = rows(ranking, order);
  require(at::allclose(counting(all.index_select(0, order), permuted),
                       counting(metric->per_query(permuted), permuted)),
          "values a query differently among others");
  for (int64_t query = 0; query < kQueries; ++query) {
    if (ranking.relevant_count[query].item<int64_t>() == 0) continue;
    const auto alone = rows(ranking, at::tensor(std::vector<int64_t>{query}, at::kLong));
    require(at::allclose(all.slice(0, query, query + 1), metric->per_query(alone)),
            "values a query alone differently");
  }
}

void depth_suffices(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  auto ranking = ranking_of(1);
  const auto all = metric->per_query(ranking);
  const auto largest = ranking.relevant_count.max().item<int64_t>();
  const auto depth = metric->depth(largest);
  require(depth >= 1, "asks for {} neighbours", depth);
  auto cut = ranking;
  cut.relevant = ranking.relevant.slice(1, 0, std::min(depth, kSamples)).contiguous();
  require(at::allclose(counting(all, ranking), counting(metric->per_query(cut), cut)),
          "needs more neighbours than the {} that its depth() asks for", depth);
}

void is_named(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  require(!metric->name().empty(), "has an empty name()");
  distance_from_name(metric->distance());  // throws a sentence
}

void takes_few_samples(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  Ranking two;
  two.relevant = at::ones({2, 1}, at::kBool);
  two.relevant_count = at::ones({2}, at::kLong);
  two.first_relevant = at::ones({2}, at::kLong);
  const auto values = metric->per_query(two).to(at::kDouble);
  require(values.isfinite().all().item<bool>() && values.numel() == 2,
          "has no value for two samples of one class");
}

/// 60 samples of 6 classes, near their classes' centres.
EvaluatedSet set_of(uint64_t seed, double noise) {
  at::manual_seed(seed);
  const auto labels = at::arange(60, at::kLong).remainder(6);
  const auto centres = at::randn({6, 8}).index_select(0, labels);
  return {centres + at::randn({60, 8}) * noise, labels, 1, int64_t{1} << 20};
}

/// Each sample with one of its class and with one of another.
EvaluatedSet paired(EvaluatedSet set) {
  const int64_t count = set.labels.numel();
  const auto rows = at::arange(count, at::kLong);
  const auto pairs_with = [&](int64_t step) { return at::stack({rows, (rows + step).remainder(count)}, 1); };
  set.pairs.rows = at::cat({pairs_with(6), pairs_with(1)});
  set.pairs.scores = at::cat({at::ones({count}), at::zeros({count})});
  set.pairs.subgroups = at::zeros({2 * count}, at::kLong);
  return set;
}

/// The set, and the same of a dataset of pairs.
std::vector<EvaluatedSet> both(const EvaluatedSet& set) { return {set, paired(set)}; }

/// Undefined twice is no difference: a metric may have nothing to say of a set without pairs.
bool differ(double a, double b) { return std::isnan(a) != std::isnan(b) || std::abs(a - b) > 1e-5; }

void set_values_are_at_most_1(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto clear = both(set_of(1, 1e-3)), blurred = both(set_of(1, 5));
  size_t defined = 0;
  for (size_t i = 0; i < clear.size(); ++i) {
    const double best = metric->of_set(clear[i]), worse = metric->of_set(blurred[i]);
    if (std::isnan(best) && std::isnan(worse)) continue;
    ++defined;
    for (const double value : {best, worse}) {
      require(std::isfinite(value) && value <= 1 + 1e-9 && value >= -1 - 1e-9, "gives {} for 60 samples",
              value);
    }
    require(best >= worse, "values clear classes ({}) below blurred ones ({})", best, worse);
  }
  require(defined > 0, "is undefined for 60 samples of 6 classes, with pairs and without");
}

void sets_have_no_order(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  // Clear classes: a metric that clusters begins with samples drawn by their number.
  for (const auto& set : both(set_of(1, 1e-2))) {
    const auto order = at::randperm(60, at::kLong);
    auto other = set;
    other.embeddings = set.embeddings.index_select(0, order);
    other.labels = set.labels.index_select(0, order) * 1000003 + 17;
    if (set.pairs.defined()) {
      const auto pairs = at::randperm(set.pairs.scores.numel(), at::kLong);
      const auto rows = set.pairs.rows.index_select(0, pairs).flatten();
      other.pairs.rows = order.argsort().index_select(0, rows).view({-1, 2});
      other.pairs.scores = set.pairs.scores.index_select(0, pairs);
    }
    const double a = metric->of_set(set), b = metric->of_set(other);
    require(!differ(a, b), "gives {}, and {} in another order with other numbers of the classes", a, b);
  }
}

void tiles_do_not_matter(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  for (auto set : both(set_of(1, 1))) {
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
  auto set = paired({x, at::arange(6, at::kLong)});
  for (const double score : {0.0, 1.0}) {
    set.pairs.scores = at::full({12}, score, at::kFloat);
    finite(set, "pairs of one score");
  }
  const auto first = [](const at::Tensor& all) { return all.slice(0, 0, 1); };
  set.pairs = {first(set.pairs.rows), first(set.pairs.scores), first(set.pairs.subgroups)};
  finite(set, "one pair");
}

using Check = void (*)(const Subject&);

/// For the metrics that give a number per query, or for those that give one of a whole set.
Rule of_kind(bool of_set, const char* name, const char* promise, Check check) {
  return {name, promise, [=](const Subject& subject) {
            if (subject.make<Metric>()->is_of_set() == of_set) check(subject);
          }};
}

}  // namespace

std::vector<Rule> metric_rules() {
  return {
      of_kind(false, "gives_a_number_per_query", "the result is float64 (Q)", gives_a_number_per_query),
      of_kind(false, "stays_between_0_and_1", "values are finite and from 0 to 1", stays_between_0_and_1),
      of_kind(false, "perfect_is_best", "no order is valued above the perfect one", perfect_is_best),
      of_kind(false, "queries_are_independent", "a query's value does not depend on the others",
              queries_are_independent),
      of_kind(false, "depth_suffices", "depth() neighbours are all that is looked at", depth_suffices),
      of_kind(true, "set_values_are_at_most_1",
              "of a whole set: from -1 to 1, clear classes above blurred ones", set_values_are_at_most_1),
      of_kind(true, "sets_have_no_order", "of a whole set: order and numbers of classes say nothing",
              sets_have_no_order),
      of_kind(true, "tiles_do_not_matter", "of a whole set: the same whatever the size of a tile",
              tiles_do_not_matter),
      of_kind(true, "sets_may_be_degenerate", "of a whole set: one class, one sample are no failure",
              sets_may_be_degenerate),
      {"is_named", "it has a name and a known distance", is_named},
      of_kind(false, "takes_few_samples", "a class of two samples has a value", takes_few_samples),
  };
}

}  // namespace kindred::host
