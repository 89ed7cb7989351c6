#pragma once

#include <ATen/core/Tensor.h>

#include "position_table.hpp"

namespace kindred {

/// Rotary positions in two dimensions, as DINOv3 has them (Simeoni et al. 2025): the middle of a patch has
/// coordinates from -1 to 1, pairs of numbers of a query or key are rotated by 2 pi * coordinate / period,
/// and periods go from 1 towards `base`. A quarter of a head's numbers each takes (row, column, row, column).
struct RotaryPositions {
  at::Tensor cosines, sines;  ///< (patches, head size), float32; undefined where there are none

  /// `head_size` is a multiple of four.
  static RotaryPositions of(const PatchGrid& grid, int64_t head_size, double base, at::Device device);

  /// x: (B, heads, T, head size); the last tokens, one for each patch, are rotated, those before them are
  /// not.
  at::Tensor rotated(const at::Tensor& x) const;
};

}  // namespace kindred
