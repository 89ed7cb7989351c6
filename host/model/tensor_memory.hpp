#pragma once

namespace kindred::host {

/// From now on large tensors on the CPU lie in blocks that are kept (large_blocks.hpp), for the whole process
/// and until its end. For programs, not for libraries: it changes LibTorch's allocator.
void keep_memory_of_tensors();

}  // namespace kindred::host
