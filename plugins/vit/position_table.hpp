#pragma once

#include <ATen/core/Tensor.h>

#include "vision_transformer_config.hpp"

namespace kindred {

/// Patches of a picture: rows times columns.
struct PatchGrid {
  int64_t rows = 0, columns = 0;
  int64_t size() const { return rows * columns; }
};

/// table: (side * side, width), the rows of a square grid from top left -> (rows * columns, width), resampled
/// where the grid is another one; float32. Gradients reach the table.
at::Tensor resampled_positions(const at::Tensor& table, const PatchGrid& grid, Resampling resampling);

}  // namespace kindred
