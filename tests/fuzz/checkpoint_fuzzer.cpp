// safetensors and both formats of torch.save, told apart by content.
#include <ATen/ATen.h>

#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"
#include "memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kindred::fuzz::MemoryFile file(data, size);
  try {
    for (const auto& one : kindred::read_checkpoint(file.path())) {
      if (one.tensor.numel() > 0) (void)one.tensor.view(-1)[one.tensor.numel() - 1].item<double>();
    }
  } catch (const kindred::Error&) {
  }
  return 0;
}
