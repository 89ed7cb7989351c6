#include "host/base/running_call.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace kindred::host {
namespace {

void crash_inside_a_plugin() {
  install_crash_report();
  const RunningCall outer("acme", "acme.data", "labels");
  RunningCall call("acme", "acme.data", "read");
  call.set_sample(17);
  std::raise(SIGSEGV);
}

void crash_after_a_plugin() {
  install_crash_report();
  { const RunningCall call("acme", "acme.data", "read"); }
  std::raise(SIGABRT);
}

TEST(RunningCallDeathTest, a_crash_names_plugin_component_phase_and_sample) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::signal(SIGSEGV, SIG_DFL);  // a sanitizer's own report would come instead
  EXPECT_EXIT(
      crash_inside_a_plugin(), ::testing::KilledBySignal(SIGSEGV),
      "error: plugin acme, component acme.data, phase read, sample 17: its code crashed .segmentation fault");
  EXPECT_EXIT(crash_after_a_plugin(), ::testing::KilledBySignal(SIGABRT), "outside of any plugin .abort");
}

}  // namespace
}  // namespace kindred::host
