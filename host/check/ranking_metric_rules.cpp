#include <ATen/ATen.h>

#include "host/check/examples/metric_examples.hpp"
#include "kindred/distance.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kFew = 6;

/// Every way in which relevant ones can lie among 6 neighbours: row i has them at the bits of i + 1.
Ranking few_neighbours() {
  const auto bits = at::tensor(std::vector<int64_t>{1, 2, 4, 8, 16, 32}, at::kLong);
  return ranking_of(at::arange(1, 1 << kFew, at::kLong).unsqueeze(1).bitwise_and(bits).to(at::kBool));
}

Ranking rows(const Ranking& all, const at::Tensor& index) {
  return {all.relevant.index_select(0, index), all.relevant_count.index_select(0, index),
          all.first_relevant.index_select(0, index)};
}

void gives_a_number_per_query(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto values = metric->per_query(example_ranking(1));
  require(values.defined() && values.dim() == 1 && values.size(0) == kQueries,
          "does not give one number per query");
  require(values.scalar_type() == at::kDouble, "gives {}, not float64", at::toString(values.scalar_type()));
}

/// The values of queries, turned so that larger ones are better.
at::Tensor goodness(const Metric& metric, const Ranking& ranking) {
  const auto values = metric.per_query(ranking);
  return metric.higher_is_better() ? values : values.neg();
}

void stays_in_range(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  for (const uint64_t seed : {1, 2, 3}) {
    const auto ranking = example_ranking(seed);
    const auto values = counting(metric->per_query(ranking), ranking);
    require(values.isfinite().all().item<bool>(), "gives a number that is not finite");
    const double low = values.min().item<double>(), high = values.max().item<double>();
    require(low >= 0, "gives numbers from {} to {}", low, high);
    require(
        high <= 1 || !metric->higher_is_better(),
        "gives numbers from {} to {}; of what is better when larger none is above 1, and a rank or a cost "
        "says by higher_is_better() that it is better when smaller",
        low, high);
  }
}

void perfect_is_best(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto perfect = example_ranking(1, true);
  const auto best = counting(goodness(*metric, perfect), perfect);
  for (const uint64_t seed : {1, 2, 3}) {
    const auto ranking = example_ranking(seed);
    require((counting(goodness(*metric, ranking), ranking) <= best + 1e-12).all().item<bool>(),
            "holds a random order better than the perfect one");
  }
  const auto few = few_neighbours();
  const auto values = goodness(*metric, few), nearest = at::pow(2, few.relevant_count) - 1;
  require((values <= values.index_select(0, nearest - 1) + 1e-12).all().item<bool>(),
          "holds some order of {} neighbours better than the perfect one", kFew);
}

void worst_is_worst(const Subject& subject) {
  const auto few = few_neighbours();
  const auto values = goodness(*subject.make<Metric>(), few);
  const auto farthest = (1 << kFew) - at::pow(2, kFew - few.relevant_count);
  require((values >= values.index_select(0, farthest - 1) - 1e-12).all().item<bool>(),
          "holds some order of {} neighbours worse than the one with all relevant ones at its end", kFew);
}

void queries_are_independent(const Subject& subject) {
  const auto metric = subject.make<Metric>();
  const auto ranking = example_ranking(1);
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
  auto ranking = example_ranking(1);
  const auto all = metric->per_query(ranking);
  const auto largest = ranking.relevant_count.max().item<int64_t>();
  const auto depth = metric->depth(largest);
  require(depth >= 1, "asks for {} neighbours", depth);
  auto cut = ranking;
  cut.relevant = ranking.relevant.slice(1, 0, std::min(depth, kNeighbours)).contiguous();
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

}  // namespace

std::vector<Rule> ranking_metric_rules() {
  return {
      metric_rule(false, "gives_a_number_per_query", "the result is float64 (Q)", gives_a_number_per_query),
      metric_rule(false, "stays_in_range",
                  "values are finite and from 0 to 1, or not negative where smaller is better",
                  stays_in_range),
      metric_rule(false, "perfect_is_best", "no order is better than the perfect one", perfect_is_best),
      metric_rule(false, "worst_is_worst", "no order is worse than that with all relevant ones last",
                  worst_is_worst),
      metric_rule(false, "queries_are_independent", "a query's value does not depend on the others",
                  queries_are_independent),
      metric_rule(false, "depth_suffices", "depth() neighbours are all that is looked at", depth_suffices),
      metric_rule(false, "takes_few_samples", "a class of two samples has a value", takes_few_samples),
      {"is_named", "it has a name and a known distance", is_named},
  };
}

}  // namespace kindred::host
