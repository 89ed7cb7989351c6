#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "fixture_plugins.hpp"

namespace kindred::testing {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

/// What kindred-check prints, and the status it ends with, -1 for a signal.
struct Outcome {
  int status;
  std::string out;
};

Outcome checked(const std::string& fixture, const std::string& options) {
  const TempFolder folder;
  const auto command = std::string("exec ") + KINDRED_CHECK_PROGRAM + " " + fixture_file(fixture) + " " +
                       options + " >" + folder.path() + "/out";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_bytes(folder / "out")};
}

TEST(KindredCheck, what_a_plugin_does_at_the_end_of_a_program_is_one_failed_check) {
  for (const auto& [fixture, text] : {std::pair{"crash_at_exit", "it crashed: Segmentation fault"},
                                      {"hang_at_exit", "it did not end within 10 s"}}) {
    const auto outcome = checked(fixture, "--seconds 10");
    EXPECT_EQ(outcome.status, 1) << fixture;
    EXPECT_THAT(outcome.out, HasSubstr("failed  plugin fixture_" + std::string(fixture) +
                                       ".kindred.so  lets_programs_end: " + text));
    EXPECT_THAT(outcome.out, HasSubstr("passed  tracker moments.idle  follows_a_run"));
    EXPECT_THAT(outcome.out, HasSubstr(" passed, 1 failed, 0 skipped"));
  }
}

TEST(KindredCheck, quiet_shows_what_was_skipped_and_nothing_that_passed) {
  const auto outcome = checked("good", "--quiet");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("skipped  transform fixture.crop  all: it needs size"));
  EXPECT_THAT(outcome.out, HasSubstr(" passed, 0 failed, 1 skipped"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("passed  ")));
}

}  // namespace
}  // namespace kindred::testing
