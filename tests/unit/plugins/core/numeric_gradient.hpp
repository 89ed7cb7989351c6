#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kindred/random.hpp"

namespace kindred::testing {

/// float64 (rows, columns), each the sum of two even draws from -1 to 1.
inline at::Tensor random_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (int64_t i = 0; i < rows * columns; ++i)
    values.push_back(random.uniform(-1, 1) + random.uniform(-1, 1));
  return at::tensor(values, at::kDouble).reshape({rows, columns});
}

/// The gradient of value() with respect to `of`, float64, against central differences.
inline void expect_gradient(const std::function<at::Tensor()>& value, at::Tensor of,
                            const std::string& what) {
  of.requires_grad_(true);
  value().backward();
  const auto gradient = of.grad().clone();
  at::NoGradGuard no_grad;
  const double step = 1e-6;
  for (int64_t i = 0; i < of.numel(); ++i) {
    const auto moved = [&](double by) {
      of.view(-1)[i] += by;
      const double out = value().item<double>();
      of.view(-1)[i] -= by;
      return out;
    };
    EXPECT_NEAR(gradient.view(-1)[i].item<double>(), (moved(step) - moved(-step)) / (2 * step), 2e-7)
        << what << " entry " << i;
  }
}

}  // namespace kindred::testing
