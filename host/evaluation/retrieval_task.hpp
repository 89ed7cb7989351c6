#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "kindred/dataset.hpp"
#include "kindred/eval_sampler.hpp"

namespace kindred::host {

/// What is searched for, and among what: rows of N embeddings.
struct RetrievalTask {
  at::Tensor labels;      ///< int64 (N) on the CPU: rows with one label are relevant to each other
  at::Tensor queries;     ///< int64 (Q) on the CPU; undefined: all rows
  at::Tensor candidates;  ///< bool (N) on the CPU; undefined: all rows
  PairList pairs;         ///< where defined, its similar pairs say what is relevant, not the labels
};

/// The task of measuring the dataset's samples `rows`, as the dataset has pairs, roles or neither. `sampler`
/// chooses among the queries; null: all of them. `all_candidates`: of pairs, every object is a candidate, not
/// only the second ones.
RetrievalTask retrieval_task(const Dataset& dataset, const std::vector<int64_t>& rows, EvalSampler* sampler,
                             uint64_t seed, bool all_candidates);

/// Which candidates are relevant to which queries. [thread-safe]
class Relevance {
 public:
  explicit Relevance(const RetrievalTask& task);

  /// Candidates that are relevant to a row, ascending; may hold the row itself.
  const std::vector<int64_t>& of(int64_t row) const;
  bool is_relevant(int64_t row, int64_t candidate) const;
  /// R: how many, the row itself left out.
  int64_t count(int64_t row) const;

 private:
  bool by_pairs_;
  std::vector<int64_t> labels_;
  std::unordered_map<int64_t, std::vector<int64_t>> relevant_;  // by label, or by row
};

}  // namespace kindred::host
