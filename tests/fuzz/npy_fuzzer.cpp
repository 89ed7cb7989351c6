#include <ATen/ATen.h>

#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/io/npy_words.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(npy) {
  const MemoryFile file(data, size);
  try {
    if (read_npy_words(file.path())) return true;
    const auto array = map_npy(file.path());
    // Every byte that it claims to have can be read.
    if (array.numel() > 0) (void)array.view(-1)[array.numel() - 1].item<double>();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
