#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/index_types.hpp"
#include "host/evaluation/retrieval_task.hpp"
#include "kindred/dataset.hpp"
#include "kindred/distance.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

constexpr int64_t kShownNeighbours = 5;  ///< of each query

/// What a person is shown of a run: some queries with what base and tuned find for them.
struct RetrievalShown {
  const Dataset& dataset;
  const std::vector<SampleIndex>& rows;  ///< the dataset's sample of each embedding
  const RetrievalTask& task;
  at::Tensor base, tuned;  ///< float32 (N, D) each
  uint64_t seed;
  Distance distance = Distance::cosine;  ///< what orders the neighbours
};

/// The queries and their nearest candidates, as places in `rows`.
struct ShownQueries {
  std::vector<int64_t> queries;
  Neighbours base, tuned;  ///< nearest first; places behind the last candidate are row -1
};

/// Draws eight queries at random among those with a relevant candidate, and finds the five nearest of each.
ShownQueries shown_queries(const RetrievalShown& shown);

/// Writes retrieval.png in the folder where the samples have pictures, and retrieval.txt where they have
/// texts.
void write_retrieval(const std::string& folder, const RetrievalShown& shown);

}  // namespace kindred::host
