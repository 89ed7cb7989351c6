#include "host/base/memory.hpp"

#include <malloc.h>

namespace kindred::host {

void use_one_heap() { mallopt(M_ARENA_MAX, 1); }

void keep_freed_memory(size_t bytes) {
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(bytes));
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(kKeepAll));
  malloc_trim(0);
}

}  // namespace kindred::host
