#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "kindred/encoder.hpp"

namespace kindred::host {

/// Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost", section 4):
/// runs the stages [first, last) one after the other and keeps for the backward pass only the map that each
/// began with. The backward pass runs each stage again, with what it drew the first time, and leaves running
/// statistics as the first pass left them. So values and gradients are those of run_stages() to the last bit;
/// the memory is that of the largest stage, and each stage is computed twice.
///
/// input: (B, ...) -> (B, D). The encoder must not change between the two passes. Gradients of gradients are
/// refused. Without gradients it is run_stages().
at::Tensor run_checkpointed(const std::shared_ptr<Encoder>& encoder, const at::Tensor& input, int64_t first,
                            int64_t last);

}  // namespace kindred::host
