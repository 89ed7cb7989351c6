#pragma once

#include <ATen/ATen.h>

#include <cmath>

/// Nine samples of four classes, drawn by sines, for which values of several frameworks are known.
namespace kindred::testing {

/// float64 (9, 4).
inline at::Tensor sine_embeddings() {
  auto x = at::empty({9, 4}, at::kDouble);
  const int64_t classes[] = {0, 0, 0, 1, 1, 1, 2, 2, 3};
  for (int64_t i = 0; i < 9; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      const auto y = static_cast<double>(classes[i]), row = static_cast<double>(i),
                 column = static_cast<double>(j);
      x[i][j] = std::sin(1.7 * y + 0.9 * column) + 0.9 * std::sin(2.1 * row + 1.3 * column);
    }
  }
  return x;
}

inline at::Tensor sine_labels() {
  return at::tensor(std::vector<int64_t>{0, 0, 0, 1, 1, 1, 2, 2, 3}, at::kLong);
}

/// float64 (rows, 4).
inline at::Tensor sine_proxies(int64_t rows) {
  auto w = at::empty({rows, 4}, at::kDouble);
  for (int64_t c = 0; c < rows; ++c) {
    for (int64_t j = 0; j < 4; ++j) {
      const auto row = static_cast<double>(c), column = static_cast<double>(j);
      w[c][j] = std::cos(0.9 * row + 0.4 * column + 0.1 * row * column);
    }
  }
  return w;
}

}  // namespace kindred::testing
