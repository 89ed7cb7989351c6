#include "rotary_positions.hpp"

#include <ATen/ATen.h>

namespace kindred {
namespace {

constexpr double kTwoPi = 6.283185307179586;

/// The middles of `count` patches, from -1 to 1.
at::Tensor middles(int64_t count, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  return (at::arange(count, options) + 0.5) / static_cast<double>(count) * 2 - 1;
}

}  // namespace

RotaryPositions RotaryPositions::of(const PatchGrid& grid, int64_t head_size, double base,
                                    at::Device device) {
  const auto quarter = head_size / 4;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  const auto exponents = at::arange(quarter, options) * (4.0 / static_cast<double>(head_size));
  const auto frequencies = at::pow(base, exponents).reciprocal();
  const auto angles_of = [&](int64_t count) {
    return middles(count, device).unsqueeze(1) * frequencies * kTwoPi;
  };
  const auto rows = angles_of(grid.rows).unsqueeze(1).expand({grid.rows, grid.columns, quarter});
  const auto columns = angles_of(grid.columns).unsqueeze(0).expand({grid.rows, grid.columns, quarter});
  const auto angles = at::cat({rows, columns, rows, columns}, -1).view({grid.size(), head_size});
  return {angles.cos(), angles.sin()};
}

at::Tensor RotaryPositions::rotated(const at::Tensor& x) const {
  const auto before = x.size(2) - cosines.size(0);
  const auto patches = x.slice(2, before);
  const auto halves = patches.chunk(2, -1);
  const auto turned = at::cat({-halves[1], halves[0]}, -1);
  const auto dtype = x.scalar_type();
  return at::cat({x.slice(2, 0, before), patches * cosines.to(dtype) + turned * sines.to(dtype)}, 2);
}

}  // namespace kindred
