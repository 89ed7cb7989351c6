#include "host/model/tensor_memory.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/csrc/api/include/torch/version.h>

#include <cstdint>
#include <cstring>

#include "host/base/large_blocks.hpp"

namespace kindred::host {
namespace {

constexpr size_t kLarge = size_t{1} << 20;  ///< smaller ones lie in the heap
constexpr uint8_t kPriority = 1;            ///< above LibTorch's own

/// It is there until the process ends, since tensors of static objects are.
LargeBlocks& blocks() {
  static auto* const all = new LargeBlocks();
  return *all;
}

/// LibTorch asks for one function that gives back whatever was allocated.
void give_back(void* data) {
  const bool may_be_large = reinterpret_cast<uintptr_t>(data) % LargeBlocks::kAlignment == 0;
  if (!may_be_large || !blocks().give(data)) c10::free_cpu(data);
}

class TensorMemory final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR >= 2
  c10::DataPtr allocate(size_t bytes) override { return allocated(bytes); }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    std::memcpy(to, from, count);
  }
#else  // LibTorch 1.13
  c10::DataPtr allocate(size_t bytes) const override { return allocated(bytes); }
#endif

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

 private:
  static c10::DataPtr allocated(size_t bytes) {
    void* const data = bytes >= kLarge ? blocks().take(bytes) : c10::alloc_cpu(bytes);
    return {data, data, &give_back, c10::Device(c10::kCPU)};
  }
};

}  // namespace

void keep_memory_of_tensors() {
  static auto* const memory = new TensorMemory();
  c10::SetCPUAllocator(memory, kPriority);
}

}  // namespace kindred::host
