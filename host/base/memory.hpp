#pragma once

namespace kindred::host {

/// From now on the blocks of all threads lie in one heap. Threads have heaps of their own otherwise, which
/// hold no block above 64 MiB: where another thread than the first computes, larger ones come from the system
/// and go back to it each time.
void use_one_heap();

/// From now on blocks of the heap that are freed stay with the process: given back to the system each time
/// they cost page faults. Large tensors lie elsewhere, see tensor_memory.hpp.
void keep_freed_memory();

}  // namespace kindred::host
