#include "nn/tiled_weight.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "nn/kernels/matrix_kernels.hpp"
#include "nn/processor_clones.hpp"

namespace kindred::nn {
namespace {

constexpr int64_t kTaps = 3, kAllTaps = kTaps * kTaps;
/// Pairs of channels that are transformed side by side, in float64: what is rounded here is in every sum.
constexpr int64_t kLanes = 16;
using Lanes = double[kLanes];

/// G of three numbers.
KINDRED_INLINE void spread_three(const Lanes& a, const Lanes& b, const Lanes& c, Lanes* to, int64_t step) {
  for (int64_t i = 0; i < kLanes; ++i) {
    const double ends = (a[i] + c[i]) / 6, far = a[i] / 24 + c[i] / 6;
    to[0][i] = a[i] / 4;
    to[step][i] = -ends - b[i] / 6;
    to[2 * step][i] = -ends + b[i] / 6;
    to[3 * step][i] = far + b[i] / 12;
    to[4 * step][i] = far - b[i] / 12;
    to[5 * step][i] = c[i];
  }
}

/// G^T of six numbers.
KINDRED_INLINE void gather_three(const Lanes* from, int64_t step, Lanes* to, int64_t to_step) {
  for (int64_t i = 0; i < kLanes; ++i) {
    const double near = from[step][i] + from[2 * step][i], far = from[3 * step][i] + from[4 * step][i];
    to[0][i] = from[0][i] / 4 - near / 6 + far / 24;
    to[to_step][i] = (from[2 * step][i] - from[step][i]) / 6 + (from[3 * step][i] - from[4 * step][i]) / 12;
    to[2 * to_step][i] = (far - near) / 6 + from[5 * step][i];
  }
}

/// taps: of `count` columns, the nine of a pair `tap_step` apart -> 36 numbers of each, `place_step` apart.
KINDRED_CLONES void spread_taps(const float* taps, int64_t tap_step, int64_t count, float* to,
                                int64_t place_step) {
  Lanes g[kAllTaps] = {}, half[kTileInputs * kTaps], whole[kTilePlaces];
  for (int64_t tap = 0; tap < kAllTaps; ++tap) {
    for (int64_t i = 0; i < count; ++i) g[tap][i] = static_cast<double>(taps[tap * tap_step + i]);
  }
  for (int64_t j = 0; j < kTaps; ++j) spread_three(g[j], g[kTaps + j], g[2 * kTaps + j], half + j, kTaps);
  for (int64_t i = 0; i < kTileInputs; ++i) {
    const Lanes* row = half + i * kTaps;
    spread_three(row[0], row[1], row[2], whole + i * kTileInputs, 1);
  }
  for (int64_t place = 0; place < kTilePlaces; ++place) {
    for (int64_t i = 0; i < kLanes; ++i) to[place * place_step + i] = static_cast<float>(whole[place][i]);
  }
}

KINDRED_CLONES void gather_taps(const float* s, int64_t place_step, float* to, int64_t tap_step) {
  Lanes whole[kTilePlaces], half[kTaps * kTileInputs], g[kAllTaps];
  for (int64_t place = 0; place < kTilePlaces; ++place) {
    for (int64_t i = 0; i < kLanes; ++i) whole[place][i] = static_cast<double>(s[place * place_step + i]);
  }
  for (int64_t j = 0; j < kTileInputs; ++j) gather_three(whole + j, kTileInputs, half + j, kTileInputs);
  for (int64_t i = 0; i < kTaps; ++i) gather_three(half + i * kTileInputs, 1, g + i * kTaps, 1);
  for (int64_t tap = 0; tap < kAllTaps; ++tap) {
    for (int64_t i = 0; i < kLanes; ++i) to[tap * tap_step + i] = static_cast<float>(g[tap][i]);
  }
}

}  // namespace

TiledWeight::TiledWeight(const at::Tensor& taps) : depth_(taps.size(2)), columns_(taps.size(3)) {
  const int64_t panels = panel_count(columns_), width = panel_columns(), tap_step = depth_ * columns_;
  packed_ = taps.new_empty({kTilePlaces, panels, depth_, width});
  zeros_ = taps.new_zeros({panels * width});
  const float* from = taps.data_ptr<float>();
  float* to = packed_.data_ptr<float>();
  at::parallel_for(0, panels * depth_, 64, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      for (int64_t lane = 0; lane < width; lane += kLanes) {
        const int64_t column = row / depth_ * width + lane;
        const int64_t count = std::clamp<int64_t>(columns_ - column, 0, kLanes);
        spread_taps(from + row % depth_ * columns_ + column, tap_step, count, to + row * width + lane,
                    panels * depth_ * width);
      }
    }
  });
}

MatrixProduct TiledWeight::product(int64_t place) const {
  MatrixProduct product{};
  product.weight = packed_.data_ptr<float>() + place * packed_.stride(0);
  product.bias = zeros_.data_ptr<float>();
  product.depth = depth_, product.columns = columns_;
  product.high = std::numeric_limits<float>::infinity(), product.low = -product.high;
  return product;
}

at::Tensor gradient_of_taps(const at::Tensor& s) {
  const int64_t outputs = s.size(1), inputs = s.size(2), groups = inputs / kLanes;
  const auto taps = s.new_empty({outputs, kTaps, kTaps, inputs});
  const float* from = s.data_ptr<float>();
  float* to = taps.data_ptr<float>();
  at::parallel_for(0, outputs * groups, 64, [&](int64_t first, int64_t last) {
    for (int64_t one = first; one < last; ++one) {
      const int64_t row = one / groups, column = one % groups * kLanes;
      gather_taps(from + row * inputs + column, outputs * inputs, to + row * kAllTaps * inputs + column,
                  inputs);
    }
  });
  return taps;
}

}  // namespace kindred::nn
