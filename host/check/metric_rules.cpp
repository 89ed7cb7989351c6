#include <ATen/ATen.h>

#include "host/check/examples/metric_examples.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace {

Behaviour behaviour_of(Metric& metric) {
  Behaviour out = {text_tensor(metric.name()), text_tensor(metric.distance())};
  if (metric.is_of_set()) {
    for (const auto& set : with_and_without_pairs(example_set(1, 1)))
      out.push_back(at::full({1}, metric.of_set(set), at::kDouble));
  } else {
    const auto ranking = example_ranking(1);
    out.push_back(counting(metric.per_query(ranking), ranking));
  }
  return out;
}

}  // namespace

template <>
KindChecks checks_of<Metric>() {
  return kind_checks<Metric>(behaviour_of, joined(ranking_metric_rules(), set_metric_rules()));
}

}  // namespace kindred::host
