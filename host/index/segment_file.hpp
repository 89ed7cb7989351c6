#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>

namespace kindred::host {

/// A file of rows, as the index names it: it never changes, and its name is given once.
struct Segment {
  int64_t first = 0, rows = 0;  ///< the numbers of its rows: from `first` on
  std::string file;             ///< its name in the folder of the index
  std::string hash;             ///< of the whole file (ContentHash)
};

/// Gives a piece of the rows that a segment is made of.
using TakeRows = std::function<void(const at::Tensor& rows)>;

/// Writes float16 or float32 rows (rows, dimension) as a .npy file, whose pieces `give` hands to the function
/// that it gets, in their order, CPU and contiguous. The file is synced before it gets its name. Returns its
/// hash. Throws Error.
std::string write_segment(const std::string& path, int64_t rows, int64_t dimension, at::ScalarType dtype,
                          const std::function<void(const TakeRows&)>& give);

}  // namespace kindred::host
