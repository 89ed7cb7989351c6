#include "host/check/examples/metric_examples.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

Ranking ranking_of(const at::Tensor& relevant) {
  Ranking out;
  out.relevant = relevant;
  out.relevant_count = relevant.sum(1);
  const auto first = std::get<1>(relevant.to(at::kLong).max(1)) + 1;
  out.first_relevant = at::where(out.relevant_count > 0, first, at::zeros_like(first));
  return out;
}

Ranking example_ranking(uint64_t seed, bool perfect) {
  at::manual_seed(seed);
  const auto counts = at::arange(kQueries, at::kLong).remainder(6);
  const auto positions = at::arange(kNeighbours, at::kLong).unsqueeze(0).expand({kQueries, kNeighbours});
  const auto places =
      perfect ? positions : at::rand({kQueries, kNeighbours}).argsort(int64_t{1}).argsort(int64_t{1});
  return ranking_of(places < counts.unsqueeze(1));
}

at::Tensor counting(const at::Tensor& values, const Ranking& ranking) {
  return values.to(at::kDouble).masked_select(ranking.relevant_count > 0);
}

EvaluatedSet example_set(uint64_t seed, double noise) {
  at::manual_seed(seed);
  const auto labels = at::arange(60, at::kLong).remainder(6);
  const auto centres = at::randn({6, 8}).index_select(0, labels);
  return {centres + at::randn({60, 8}) * noise, labels, 1, int64_t{1} << 20};
}

std::vector<EvaluatedSet> with_and_without_pairs(const EvaluatedSet& set) {
  const int64_t count = set.labels.numel();
  const auto rows = at::arange(count, at::kLong);
  const auto pairs_with = [&](int64_t step) { return at::stack({rows, (rows + step).remainder(count)}, 1); };
  auto paired = set;
  paired.pairs.rows = at::cat({pairs_with(6), pairs_with(1)});
  paired.pairs.scores = set.labels.index_select(0, paired.pairs.rows.select(1, 0))
                            .eq(set.labels.index_select(0, paired.pairs.rows.select(1, 1)))
                            .to(at::kFloat);
  paired.pairs.subgroups = at::zeros({2 * count}, at::kLong);
  return {set, paired};
}

Rule metric_rule(bool of_set, const char* name, const char* promise, void (*check)(const Subject&)) {
  return {name, promise, [=](const Subject& subject) {
            if (subject.make<Metric>()->is_of_set() == of_set) check(subject);
          }};
}

}  // namespace kindred::host
