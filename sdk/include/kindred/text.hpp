#pragma once

#include <string>
#include <vector>

#include "kindred/image.hpp"

namespace kindred {

/// UTF-8 -> uint8 (L) on the CPU: what a dataset gives for a text.
at::Tensor text_tensor(const std::string& text);

/// The texts of a batch, B of them, from any device. Throws Error for a batch of something else.
std::vector<std::string> texts_of(const Batch& batch);

/// uint8 (L_i) each -> a batch of texts on the CPU: uint8 (B, longest) with zeros behind the shorter ones,
/// and their lengths.
Batch text_batch(const std::vector<at::Tensor>& texts);

}  // namespace kindred
