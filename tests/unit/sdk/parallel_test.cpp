#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

namespace kindred {
namespace {

/// Without the compiler's OpenMP at::parallel_for compiles to a plain loop, and nothing but time tells.
TEST(Parallel, for_takes_several_threads_in_code_that_is_built_with_the_sdk) {
#ifdef __clang__
  GTEST_SKIP() << "OpenMP is a package of its own beside clang";
#endif
  const int threads = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex lock;
  std::set<std::thread::id> seen;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard<std::mutex> held(lock);
    seen.insert(std::this_thread::get_id());
  });
  at::set_num_threads(threads);
  EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace kindred
