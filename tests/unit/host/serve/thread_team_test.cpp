#include "host/serve/thread_team.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace kindred::host {
namespace {

int64_t threads_now() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

void compute() { at::ones({1 << 20}).add_(1); }

TEST(ThreadTeam, ends_and_comes_back) {
  std::thread([] {
    at::set_num_threads(2);
    const auto before = threads_now();
    compute();
    const auto with_team = threads_now();
    ASSERT_EQ(with_team, before + 1);
    end_thread_team();
    EXPECT_EQ(threads_now(), before);
    compute();
    EXPECT_EQ(threads_now(), with_team);
  }).join();
}

TEST(ThreadTeam, of_a_thread_that_never_computed_is_none) {
  std::thread([] { EXPECT_NO_FATAL_FAILURE(end_thread_team()); }).join();
}

}  // namespace
}  // namespace kindred::host
