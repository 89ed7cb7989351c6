#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace kindred {

/// Opens a NumPy .npy file (versions 1 to 3, C order, little-endian bool/int8..64/uint8/float16/32/64) as
/// a tensor over a private memory map: nothing is read until used, the tensor keeps the map alive, and
/// writing to it never changes the file. Throws Error with what the header says when it cannot.
at::Tensor map_npy(const std::string& path);

/// Writes a tensor as .npy version 1, C order, through a temporary file that is synced and renamed.
void write_npy(const std::string& path, const at::Tensor& tensor);

/// The header of a .npy file of this shape and dtype, padded to a multiple of 64 bytes.
std::string npy_header(at::IntArrayRef shape, at::ScalarType dtype);

}  // namespace kindred
