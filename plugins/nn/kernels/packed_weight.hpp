#pragma once

#include <ATen/core/Tensor.h>

#include "nn/kernels/matrix_kernels.hpp"

namespace kindred::nn {

/// A weight of linear maps and their biases, as multiply() reads them. It exists only where panel_columns()
/// is not 0.
class PackedWeight {
 public:
  /// weight (N, K) and bias (N), float32; an undefined bias is zeros.
  PackedWeight(const at::Tensor& weight, const at::Tensor& bias);

  int64_t depth() const { return depth_; }      ///< K
  int64_t columns() const { return columns_; }  ///< N

  /// A product whose weight, depth, columns and bias are set, and nothing else.
  MatrixProduct product() const;

 private:
  int64_t depth_, columns_;
  at::Tensor packed_, bias_;
};

}  // namespace kindred::nn
