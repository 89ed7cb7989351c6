// safetensors and both formats of torch.save, told apart by content.
#include <ATen/ATen.h>

#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(checkpoint) {
  const MemoryFile file(data, size);
  try {
    for (const auto& one : read_checkpoint(file.path())) {
      if (one.tensor.numel() > 0) (void)one.tensor.view(-1)[one.tensor.numel() - 1].item<double>();
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
