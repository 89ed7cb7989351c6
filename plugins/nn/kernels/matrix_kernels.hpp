#pragma once

#include <cstdint>

#include "nn/kernels/processor_kernels.hpp"

namespace kindred::nn {

/// Columns of a panel, in which a product reads its weight and writes its result; 0 where this processor has
/// no kernels for it: then nothing else here may be called.
inline int64_t panel_columns() { return processor_kernels().panel_columns; }

/// ceil(columns / panel_columns()).
int64_t panel_count(int64_t columns);

/// weight (N, K), row by row -> (panels, K, panel_columns()) with zeros behind the last column.
void pack_weight(const float* weight, int64_t columns, int64_t depth, float* packed);

/// How far apart rows of K numbers should lie. Rows that are a multiple of 512 numbers apart have the same
/// places in the first cache, where more than a few push each other out.
inline int64_t spread_stride(int64_t depth) { return depth % 512 == 0 ? depth + 16 : depth; }

/// Computes the panels [first, last) on the calling thread. Each number is the sum in the order of k,
/// whatever the number of rows and whoever computes which, so that results do not depend on how work is
/// divided.
void multiply(const MatrixProduct& product, int64_t first, int64_t last);

}  // namespace kindred::nn
