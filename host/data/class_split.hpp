#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/index_types.hpp"
#include "host/options/data_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Rows of the dataset by side, ascending. Whole classes go to one side; samples without a label (-1) to
/// none.
struct ClassSplit {
  std::vector<SampleIndex> train, validation, test;
  bool validation_is_test = false;
};

/// Deterministic in (labels, options). With folds the test classes are those of the chosen fold, of the first
/// where none is chosen; over all folds each class is a test class once. Throws PipelineError when a side
/// that is needed has no class, or when classes_file names a class that the dataset does not have.
ClassSplit split_classes(const std::vector<int64_t>& labels, const SplitOptions& options);

/// The same for a dataset. Of one whose groups are what pairs connect, the error says how few there are.
ClassSplit split_classes(const Dataset& dataset, const SplitOptions& options);
/// Throws PipelineError where there are folds and none is chosen, so that nobody knows which classes to test.
void require_fold(const SplitOptions& options);

/// Returns the numbers of `samples`, int64 (R) on the CPU.
at::Tensor tensor_of(const std::vector<SampleIndex>& samples);

/// Returns the labels of `rows`, int64 (R) on the CPU.
at::Tensor labels_of(const std::vector<int64_t>& labels, const std::vector<SampleIndex>& rows);

/// Counts the distinct labels among `rows`.
int64_t count_groups(const std::vector<int64_t>& labels, const std::vector<SampleIndex>& rows);

/// Counts those that several of the rows have: a sample of a class of one has nothing to find.
int64_t count_groups_of_several(const std::vector<int64_t>& labels, const std::vector<SampleIndex>& rows);

}  // namespace kindred::host
