#include "host/index/segment_file.hpp"

#include <ATen/ATen.h>

#include "host/base/partial_file.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
std::string write_segment(const std::string& path, int64_t rows, int64_t dimension, at::ScalarType dtype,
                          const std::function<void(const TakeRows&)>& give) {
  PartialFile file(path);
  file.write(npy_header({rows, dimension}, dtype));
  int64_t written = 0;
  give([&](const at::Tensor& piece) {
    TORCH_INTERNAL_ASSERT(piece.is_contiguous() && piece.is_cpu() && piece.scalar_type() == dtype &&
                          piece.dim() == 2 && piece.size(1) == dimension);
    written += piece.size(0);
    file.write({static_cast<const char*>(piece.data_ptr()), static_cast<size_t>(piece.nbytes())});
  });
  TORCH_INTERNAL_ASSERT(written == rows, "a segment of ", rows, " rows got ", written);
  return file.finish();
}

}  // namespace kindred::host
