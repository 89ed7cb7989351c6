#include "nn/kernels/packed_weight.hpp"

#include <ATen/ATen.h>

namespace kindred::nn {

PackedWeight::PackedWeight(const at::Tensor& weight, const at::Tensor& bias)
    : depth_(weight.size(1)), columns_(weight.size(0)) {
  const int64_t padded = panel_count(columns_) * panel_columns();
  packed_ = at::empty({padded * depth_}, at::kFloat);
  pack_weight(weight.contiguous().data_ptr<float>(), columns_, depth_, packed_.data_ptr<float>());
  bias_ = at::zeros({padded}, at::kFloat);
  if (bias.defined()) bias_.slice(0, 0, columns_).copy_(bias);
}

MatrixProduct PackedWeight::product() const {
  MatrixProduct product{};
  product.weight = packed_.data_ptr<float>(), product.bias = bias_.data_ptr<float>();
  product.depth = depth_, product.columns = columns_;
  return product;
}

}  // namespace kindred::nn
