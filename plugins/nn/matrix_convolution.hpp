#pragma once

#include "nn/inference_convolution.hpp"

namespace kindred::nn {

/// A convolution as a product of matrices, of what each result is made of by the weight: of maps in
/// channels_last these are the pixels themselves where the kernel is 1 x 1, and are copied for some pixels at
/// a time otherwise. float32; null for convolutions in groups, and where this processor has no kernels for
/// it.
std::shared_ptr<const InferenceConvolution> make_matrix_convolution(const FinalConvolution& layer);

}  // namespace kindred::nn
