#pragma once

#include <ATen/core/Tensor.h>

#include "host/evaluation/retrieval_task.hpp"

namespace kindred::host {

/// Every row is a candidate; every one a query, too, where `queries` is not defined.
inline RetrievalTask of_labels(const at::Tensor& labels, const at::Tensor& queries = {}) {
  return {labels, queries, {}, {}};
}

}  // namespace kindred::host
