#include "kindred/metric.hpp"

#include "kindred/error.hpp"

namespace kindred {

double Metric::of_set(const EvaluatedSet&) const {
  throw Error(name() + " is a number per query, not one of the set");
}

at::Tensor SetMetric::per_query(const Ranking&) const {
  throw Error(name() + " is one number of the set, not one per query");
}

}  // namespace kindred
