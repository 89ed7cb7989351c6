#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "nn/inference_convolution.hpp"
#include "nn/tensor_list.hpp"

namespace kindred {

/// Convolution with a bias and without a norm of its own. Weight (out, in / groups, k, k) and bias (out) are
/// float32; their values are not set.
class BiasedConvolution {
 public:
  struct Shape {
    int64_t inputs, outputs, kernel, stride = 1, padding = 0, groups = 1;
  };
  /// A layer without tensors, to be assigned to.
  BiasedConvolution() = default;
  /// Appends `prefix`weight and `prefix`bias to the list.
  BiasedConvolution(const std::string& prefix, const Shape& shape, nn::TensorList& list);

  /// (B, in, H, W) -> (B, out, ...), in the dtype of the input, channels_last where the input is.
  at::Tensor operator()(const at::Tensor& x) const;

  /// See Module::prepare_for_inference: keeps the tensors in `dtype`, and packed where this processor has a
  /// convolution for them. They serve input of that dtype without gradients.
  void prepare_for_inference(at::ScalarType dtype);
  /// Drops what prepare_for_inference() made.
  void undo_preparation() { prepared_ = {}; }

 private:
  struct Prepared {
    at::Tensor weight, bias;
    std::shared_ptr<const nn::InferenceConvolution> convolution{};
  };
  Shape shape_{};
  at::Tensor weight_, bias_;
  Prepared prepared_;
};

}  // namespace kindred
