#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace kindred {

/// What `encode` gives for `tokens` (B, T), as (B, D): rows of alike lengths go through it together, cut to
/// their longest one, so that a long text does not cost its whole batch. `tokens` as tokens_of makes them.
at::Tensor encoded_by_length(const at::Tensor& tokens,
                             const std::function<at::Tensor(const at::Tensor& tokens)>& encode);

}  // namespace kindred
