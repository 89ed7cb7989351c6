#pragma once

#include <ATen/core/Tensor.h>

#include "nn/kernels/processor_kernels.hpp"

namespace kindred::nn {

/// The weight of a 3 x 3 convolution as the products of Winograd's tiles read it: G g G^T of each pair of
/// channels (Lavin and Gray 2016, section 4), packed for each of the 36 places of a tile. It exists only
/// where panel_columns() is not 0.
class TiledWeight {
 public:
  /// taps (3, 3, K, N), float32, contiguous: what input k adds to result n.
  explicit TiledWeight(const at::Tensor& taps);

  int64_t depth() const { return depth_; }      ///< K
  int64_t columns() const { return columns_; }  ///< N

  /// A product of the rows of one place, without a bias and a clamp; its rows and its result are to be set.
  MatrixProduct product(int64_t place) const;

 private:
  int64_t depth_, columns_;
  at::Tensor packed_;  ///< (36, panels, K, columns of a panel)
  at::Tensor zeros_;   ///< the bias
};

/// The gradient of the taps from those of the products: G^T s G. s (36, out, in) -> (out, 3, 3, in), float32.
at::Tensor gradient_of_taps(const at::Tensor& s);

}  // namespace kindred::nn
