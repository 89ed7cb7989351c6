#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "host/base/index_types.hpp"
#include "kindred/dataset.hpp"
#include "kindred/eval_sampler.hpp"

namespace kindred::host {

/// What is searched for, and among what. All of it is said by row numbers of N embeddings.
struct RetrievalTask {
  at::Tensor labels;      ///< int64 (N) on the CPU: rows with one label are relevant to each other
  at::Tensor queries;     ///< int64 (Q) on the CPU; undefined: all rows
  at::Tensor candidates;  ///< bool (N) on the CPU; undefined: all rows
  PairList pairs;         ///< where defined, its similar pairs say what is relevant, not the labels
};

/// int64 (Q), contiguous: the rows that are queries, all of them where the task does not say.
at::Tensor query_rows(const RetrievalTask& task);

/// The task of measuring the dataset's samples `rows`. What it looks like depends on whether the dataset has
/// pairs, roles or neither. `sampler` chooses among the queries, and null leaves all of them. With
/// `all_candidates` every object of a pair is a candidate, not only the second ones.
RetrievalTask retrieval_task(const Dataset& dataset, const std::vector<SampleIndex>& rows,
                             EvalSampler* sampler, uint64_t seed, bool all_candidates);

}  // namespace kindred::host
