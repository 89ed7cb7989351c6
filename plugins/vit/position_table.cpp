#include "position_table.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace kindred {

at::Tensor resampled_positions(const at::Tensor& table, const PatchGrid& grid, Resampling resampling) {
  const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(table.size(0)))));
  if (grid.rows == side && grid.columns == side) return table;
  const auto map = table.view({1, side, side, table.size(1)}).permute({0, 3, 1, 2}).contiguous();
  const int64_t sizes[] = {grid.rows, grid.columns};
  at::Tensor resampled;
  if (resampling == Resampling::antialiased) {
    resampled = at::_upsample_bicubic2d_aa(map, sizes, false);
  } else if (resampling == Resampling::plain) {
    resampled = at::upsample_bicubic2d(map, sizes, false);
  } else {
    const auto scale = [side](int64_t size) {
      return (static_cast<double>(size) + 0.1) / static_cast<double>(side);
    };
    resampled = at::upsample_bicubic2d(map, sizes, false, scale(grid.rows), scale(grid.columns));
  }
  return resampled.permute({0, 2, 3, 1}).reshape({grid.size(), table.size(1)});
}

}  // namespace kindred
