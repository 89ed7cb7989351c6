#include "host/base/slow_call.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

TEST(SlowCall, says_what_is_waited_for_once_patience_is_over) {
  ::testing::internal::CaptureStderr();
  {
    const SlowCall call("plugin acme, phase load", std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "! plugin acme, phase load: still busy after 0.0 s; Ctrl-C twice ends this\n");
}

TEST(SlowCall, says_nothing_of_a_call_that_is_short) {
  ::testing::internal::CaptureStderr();
  { const SlowCall call("plugin acme, phase load", std::chrono::hours(1)); }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace kindred::host
