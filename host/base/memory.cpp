#include "host/base/memory.hpp"

#include <malloc.h>

namespace kindred::host {

void use_one_heap() { mallopt(M_ARENA_MAX, 1); }

void keep_freed_memory() {
  constexpr int kAll = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kAll);
  mallopt(M_TRIM_THRESHOLD, kAll);
}

}  // namespace kindred::host
