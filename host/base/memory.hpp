#pragma once

#include <cstddef>

namespace kindred::host {

/// Large tensors come and go every step; given back to the system each time they cost page faults, which
/// makes encoding a third slower. Kept, they leave holes in the heap, which grow from epoch to epoch while a
/// network is trained.
constexpr size_t kKeepAll = size_t{1} << 30;  ///< for encoding and everything small
constexpr size_t kKeepSmaller = size_t{32}
                                << 20;  ///< for training an encoder: costs it nothing that can be measured

/// From now on the blocks of all threads lie in one heap. Threads have heaps of their own otherwise, which
/// hold no block above 64 MiB: where another thread than the first computes, larger ones come from the system
/// and go back to it each time.
void use_one_heap();

/// From now on blocks below `bytes` that are freed stay with the process. What is free already is given back.
void keep_freed_memory(size_t bytes);

}  // namespace kindred::host
