#pragma once

#include <ATen/core/Tensor.h>

#include "nn/inference_convolution.hpp"
#include "nn/norms/batch_norm.hpp"

namespace kindred::nn {

/// The tensors of a batch norm, (C) each, float32.
struct NormTensors {
  at::Tensor scale, shift, mean, variance;
};

/// Says whether trained_norm() serves: while gradients are recorded, float32 on the CPU, and more than one
/// value per channel.
bool serves_trained_norm(const at::Tensor& x);

/// clamp(norm(x) + other) by the mean and variance of each channel in x (Ioffe and Szegedy 2015, algorithm
/// 1), which move the running ones; two passes over the maps where separate operators take five. x (B, C, H,
/// W); other undefined, or of the shape of x -> (B, C, H, W), channels_last, float32. The result does not
/// depend on the number of threads. A second derivative throws c10::Error.
at::Tensor trained_norm(const at::Tensor& x, const at::Tensor& other, const NormTensors& norm,
                        const BatchNormConstants& constants, const Clamp& clamp);

}  // namespace kindred::nn
