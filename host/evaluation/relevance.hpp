#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "host/evaluation/retrieval_task.hpp"

namespace kindred::host {

/// Which candidates of a task are relevant to which of its rows. [thread-safe]
class Relevance {
 public:
  explicit Relevance(const RetrievalTask& task);

  /// The candidates that are relevant to a row, ascending; they may hold the row itself.
  const std::vector<int64_t>& of(int64_t row) const;
  bool is_relevant(int64_t row, int64_t candidate) const;
  /// R: how many they are, the row itself left out.
  int64_t count(int64_t row) const;

 private:
  bool by_pairs_;
  std::vector<int64_t> labels_;
  std::unordered_map<int64_t, std::vector<int64_t>> relevant_;  // by label, or by row
};

/// The queries of a task that metrics count, which are those with a relevant candidate: their places among
/// query_rows(), ascending.
std::vector<int64_t> counted_queries(const RetrievalTask& task);

/// Says whether a ranking of the task can be wrong. It cannot where all samples are of one class: then all
/// candidates of every query are relevant, every order of them is perfect, and a metric is the same for every
/// model. Of pairs it is always true, since metrics over pairs need no ranking, and so it is where no query
/// has a relevant candidate, since metrics are undefined then.
bool tells_apart(const RetrievalTask& task);

}  // namespace kindred::host
