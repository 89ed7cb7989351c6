#include "host/serve/thread_team.hpp"

// Of the OpenMP that LibTorch brings, which may be another than the compiler's (OpenMP 5.0, section 3.2.44).
// Null where that has none.
extern "C" int omp_pause_resource_all(int kind) __attribute__((weak));

namespace kindred::host {

void end_thread_team() {
  constexpr int kSoft = 1;  // omp_pause_soft: settings stay
  if (omp_pause_resource_all != nullptr) omp_pause_resource_all(kSoft);
}

}  // namespace kindred::host
