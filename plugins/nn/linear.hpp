#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::nn {

class InferenceConvolution;

/// y = x W^T + b with weight (out, in) and bias (out), float32; some have no bias.
class Linear {
 public:
  /// A layer without tensors, to be assigned to.
  Linear() = default;
  /// Weight and then bias are drawn from U(-1/sqrt(in), 1/sqrt(in)) by `generator`, or by LibTorch's global
  /// one where that is not defined.
  Linear(int64_t inputs, int64_t outputs, const at::Generator& generator = {});
  /// Values are not set: somebody loads or draws them.
  static Linear without_values(int64_t inputs, int64_t outputs, bool with_bias = true);

  /// (..., in) -> (..., out), in the dtype of `x`.
  at::Tensor operator()(const at::Tensor& x) const;

  /// See Module::prepare_for_inference: keeps the weight packed, in as much memory again, where this
  /// processor has a product of matrices of its own. It serves float32 input on the CPU without gradients.
  void prepare_for_inference();
  /// Drops what prepare_for_inference() made.
  void undo_preparation() { packed_ = nullptr; }

  /// Appends `prefix`weight and, where there is one, `prefix`bias.
  void append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const;

 private:
  at::Tensor weight_, bias_;
  std::shared_ptr<const InferenceConvolution> packed_;  ///< of maps of 1 x 1; null: not prepared
};

}  // namespace kindred::nn
