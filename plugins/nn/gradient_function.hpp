#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

namespace kindred::nn {

/// The maps as the kernels of this folder read them.
inline at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

/// Throws c10::Error where a gradient is to have a gradient itself: kernels would leave out their part of it
/// and LibTorch would not notice. Every backward() that calls kernels begins with it.
inline void refuse_second_derivative() {
  TORCH_CHECK(!at::GradMode::is_enabled(),
              "this gradient comes from a kernel of Kindred, which has no second derivative");
}

}  // namespace kindred::nn
