#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kindred::host {

/// Samplers are tried on so many samples.
constexpr int64_t kSamplerRows = 600;

/// Gives the labels of those samples: 50 classes of 12, in no order.
at::Tensor sampler_labels();

/// Throws RuleBroken unless `rows` is int64 (B) of samples among them, B at least 1.
void require_rows(const at::Tensor& rows);

}  // namespace kindred::host
