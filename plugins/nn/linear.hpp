#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::nn {

/// y = x W^T + b with weight (out, in) and bias (out), float32.
class Linear {
 public:
  /// A layer without tensors, to be assigned to.
  Linear() = default;
  /// Weight and then bias are drawn from U(-1/sqrt(in), 1/sqrt(in)) by `generator`, or by LibTorch's global
  /// one where that is not defined.
  Linear(int64_t inputs, int64_t outputs, const at::Generator& generator = {});
  /// Values are not set: somebody loads or draws them.
  static Linear without_values(int64_t inputs, int64_t outputs);

  /// (..., in) -> (..., out).
  at::Tensor operator()(const at::Tensor& x) const;
  /// Appends `prefix`weight and `prefix`bias.
  void append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const;

 private:
  at::Tensor weight_, bias_;
};

}  // namespace kindred::nn
