#pragma once

#include "nn/inference_convolution.hpp"
#include "nn/kernels/packed_weight.hpp"

namespace kindred::nn {

// A convolution as a product of matrices, of what each result is made of by the weight: of maps in
// channels_last these are the pixels themselves where the kernel is 1 x 1, and are copied for some pixels at
// a time otherwise.

/// Says whether they serve a weight (out, in / groups, k, k) of this shape: no groups, float32 on the CPU,
/// and a processor with kernels.
bool serves_matrices(const at::Tensor& weight, const FixedShape& shape);

/// The weight and the bias (out) of a convolution, packed in the order in which pixels are copied.
PackedWeight packed_kernel(const at::Tensor& weight, const at::Tensor& bias);

/// x (B, in, H, W), channels_last; weight: packed_kernel() of (out, in, k, k); other: undefined, or as the
/// result -> clamp(w * x + bias + other), (B, out, ...), channels_last. All float32. It records no gradients.
at::Tensor matrix_convolution(const at::Tensor& x, const PackedWeight& weight, int64_t kernel,
                              const FixedShape& shape, const at::Tensor& other, const Clamp& clamp);

/// x (B, in, H, W) and the gradient of the result (B, out, ...), both channels_last, float32 -> the gradient
/// of the weight (out, in, k, k), channels_last.
at::Tensor matrix_weight_gradient(const at::Tensor& x, const at::Tensor& gradient, int64_t kernel,
                                  const FixedShape& shape);

/// The same with a final weight; null where serves_matrices() says no.
std::shared_ptr<const InferenceConvolution> make_matrix_convolution(const FinalConvolution& layer);

}  // namespace kindred::nn
