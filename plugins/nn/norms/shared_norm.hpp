#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "nn/norms/trained_norm.hpp"

namespace kindred::nn {

/// Batch normalisation (Ioffe, Szegedy 2015, algorithm 1) of the rows of several processes together: each
/// gives its own and gets them normalised by mean and variance of all, towards which the running ones move.
/// Every run forwards is one meeting, and so is every run backwards, over 2 C + 1 float64. x (B, C, ...),
/// where B may be 0 -> the same shape and dtype; it is computed in the dtype of scale and shift. The gradient
/// of x is that of what all processes compute from it; those of scale and shift are this process's part of a
/// sum. It divides by the running statistics where all processes together have one value per channel. Throws
/// what `sum` throws.
at::Tensor shared_norm(const at::Tensor& x, const NormTensors& norm, const BatchNormConstants& constants,
                       const std::shared_ptr<const SumOverProcesses>& sum);

}  // namespace kindred::nn
