#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {

/// What the header of a cache's array says. Only what kindred::npy_header writes is understood, by the same
/// format as kindred::map_npy, which needs LibTorch.
struct ArrayHeader {
  std::string dtype;           ///< as in the file: "<f4", "<f2"
  std::vector<int64_t> shape;  ///< rows first; never empty
  uintmax_t file_bytes = 0;    ///< what header and rows take together
};

/// Reads the header of a file. Throws Error with what is wrong.
ArrayHeader read_array_header(const std::string& path);

}  // namespace kindred::host
