#include "nn/kernels/matrix_kernels.hpp"

#include <algorithm>

namespace kindred::nn {

int64_t panel_count(int64_t columns) { return (columns + panel_columns() - 1) / panel_columns(); }

void pack_weight(const float* weight, int64_t columns, int64_t depth, float* packed) {
  const int64_t width = panel_columns(), panels = panel_count(columns);
  std::fill(packed, packed + panels * width * depth, 0.0F);
  for (int64_t column = 0; column < columns; ++column) {
    float* to = packed + column / width * width * depth + column % width;
    for (int64_t k = 0; k < depth; ++k) to[k * width] = weight[column * depth + k];
  }
}

void multiply(const MatrixProduct& product, int64_t first, int64_t last) {
  const auto& kernels = processor_kernels();
  int64_t rows = kernels.block_rows;
  size_t block = 0;
  for (; product.count < rows; rows /= 2) ++block;
  for (int64_t panel = first; panel < last; ++panel) {
    const bool is_half = product.columns - panel * kernels.panel_columns <= kernels.panel_columns / 2;
    const auto multiply_block = (is_half ? kernels.half : kernels.whole)[block];
    // The last block begins early where rows are left over: some are computed again, to the same.
    for (int64_t row = 0; row < product.count; row += rows)
      multiply_block(product, std::min(row, product.count - rows), panel);
  }
}

}  // namespace kindred::nn
