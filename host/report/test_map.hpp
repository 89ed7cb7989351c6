#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/index_types.hpp"
#include "kindred/dataset.hpp"
#include "kindred/distance.hpp"

namespace kindred::host {

/// Rows as points of the plane in which they vary most.
struct Plane {
  at::Tensor points;  ///< float32 (N, 2) on the CPU: along the first and the second principal direction
  double variance_share = 0;  ///< how much of the rows' variance the two directions hold, 0 to 1
};

/// Principal component analysis of `rows` float32 (N, D) on any device, in memory of O(D^2) beside a few
/// tiles. The direction of an axis is the one in which its largest part is positive. Where rows do not vary
/// in two directions the points have zeros.
Plane principal_plane(const at::Tensor& rows);

/// The map of the test samples that a report shows: at most 5,000 of them, evenly chosen, with their places
/// by the encoders alone and by the tuned model, each float32 (N, D). {"samples", "classes", "class_of":
/// numbers of classes, "pairs": whether pairs say what is relevant, "base" and "tuned": {"x", "y",
/// "variance_share"}}. Rows that are compared by the cosine have length 1 before.
nlohmann::json test_map(const Dataset& dataset, const std::vector<SampleIndex>& rows, const at::Tensor& base,
                        const at::Tensor& tuned, Distance distance);

}  // namespace kindred::host
