#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "host/base/index_types.hpp"
#include "host/evaluation/measure.hpp"
#include "kindred/dataset.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

constexpr int64_t kKeptNeighbours = 5;  ///< of each query, in queries.csv and in the report

/// One side of what was measured: by the encoders alone, or by the tuned model.
struct QuerySide {
  const char* name;           ///< "base" or "tuned"
  const Measured& values;     ///< with every metric's value by query; none where the side was not measured
  const Neighbours& nearest;  ///< of `queries`, rows of the task
};

/// The test queries of a run that count, which are those with a relevant candidate.
struct TestQueries {
  const Dataset& dataset;
  const std::vector<SampleIndex>& rows;  ///< the dataset's sample of each row of the task
  const at::Tensor& queries;             ///< int64 (Q): rows
  const std::vector<int64_t>& places;    ///< where these queries stand among those of the task
};

/// Writes queries.csv (RFC 4180, UTF-8): a line per query with sample, label, class, the value of each metric
/// by each side, and for each side the nearest neighbours with their classes and distances. Numbers read back
/// as what they are. Throws Error when it cannot be written.
void write_queries(const std::string& path, const TestQueries& queries, const std::vector<QuerySide>& sides);

}  // namespace kindred::host
