#include "nn/pooling.hpp"

#include <ATen/ATen.h>

namespace kindred::nn {

at::Tensor global_average(const at::Tensor& x) { return x.mean({2, 3}, false, at::kFloat); }

}  // namespace kindred::nn
