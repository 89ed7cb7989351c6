#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kindred::host {

/// Rows that stand together, of a longer list of them.
struct RowBlock {
  int64_t first = 0;  ///< place of the first one in the list
  at::Tensor rows;    ///< (n, ...)
};

}  // namespace kindred::host
