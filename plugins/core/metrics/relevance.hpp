#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/distance.hpp"
#include "kindred/metric.hpp"
#include "kindred/params.hpp"

namespace kindred {

/// Parameters of metrics that look at a whole ranking.
struct DistanceParams {
  std::string distance = "cosine";
  static void describe(Schema<DistanceParams>& schema) {
    schema.field("distance", &DistanceParams::distance)
        .doc("What orders the neighbours.")
        .one_of(distance_names());
  }
};

/// Parameters of metrics that look at the k nearest neighbours.
struct NearestParams {
  int64_t k = 1;
  std::string distance = "cosine";
  static void describe(Schema<NearestParams>& schema) {
    schema.field("k", &NearestParams::k).doc("How many nearest neighbours count.").range(1, 1000000);
    schema.field("distance", &NearestParams::distance)
        .doc("What orders the neighbours.")
        .one_of(distance_names());
  }
};

/// float64 (Q, K): 1 where the k-th neighbour is relevant and k <= limit of the query; `limit` int64 (Q).
at::Tensor relevant_within(const Ranking& ranking, const at::Tensor& limit);

/// float64: counts that are at least 1, so that they can divide.
at::Tensor as_double(const at::Tensor& counts);

}  // namespace kindred
