#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred::host {

/// "[0.12,-3,...]": the numbers of a row float32 (D) on the CPU, each in the fewest digits that give it back.
std::string numbers_text(const at::Tensor& row);

/// The same as base64 of little-endian float32, in quotation marks.
std::string numbers_base64(const at::Tensor& row);

}  // namespace kindred::host
