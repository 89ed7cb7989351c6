#include "host/base/collecting_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "host/base/terminal_context.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;

/// Keeps what it is told.
class Listener final : public Context {
 public:
  bool interrupted() const override { return true; }
  void info(const std::string& text) override { told.push_back("info " + text); }
  void warning(const std::string& text) override { told.push_back("warning " + text); }
  void failure(const std::string& text) override { told.push_back("failure " + text); }
  void add_log_file(const std::string& path) override { told.push_back("log " + path); }
  void show(const ProgressState& state) override { told.push_back("show " + state.label); }
  std::vector<std::string> told;
};

TEST(CollectingContext, hands_everything_on) {
  Listener inner;
  CollectingContext context(inner);
  context.info("a");
  context.warning("b");
  context.failure("c");
  context.add_log_file("d");
  ProgressState state;
  state.label = "e";
  context.show(state);
  EXPECT_TRUE(context.interrupted());
  EXPECT_THAT(inner.told, ElementsAre("info a", "warning b", "failure c", "log d", "show e"));
}

TEST(CollectingContext, keeps_each_warning_once_and_in_order_the_earlier_ones_first) {
  Listener inner;
  CollectingContext context(inner, {"before"});
  context.warning("second");
  context.warning("first");
  context.warning("second");
  context.keep({"kept", "before"});
  EXPECT_THAT(context.warnings(), ElementsAre("before", "second", "first", "kept"));
  EXPECT_THAT(inner.told, ElementsAre("warning second", "warning first", "warning second"))
      << "what was said before is not said again";
}

TEST(CollectingContext, several_threads_may_warn_at_once) {
  Context silent;
  CollectingContext context(silent);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&context, thread] {
      for (int i = 0; i < 200; ++i) context.warning(std::to_string(thread % 2) + " " + std::to_string(i));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(context.warnings().size(), 400U);
}

TEST(WarningsInLog, are_those_that_the_terminal_context_wrote) {
  const testing::TemporaryFolder folder("log");
  const auto path = folder / "log.txt";
  EXPECT_THAT(warnings_in_log(path), ElementsAre()) << "there is no file yet";
  TerminalContext context(true);
  context.add_log_file(path);
  ::testing::internal::CaptureStderr();
  context.info("warning: not one");
  context.warning("one");
  context.warning("of two\nlines");
  context.failure("warning: neither");
  context.warning("last: warning: here");
  ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(warnings_in_log(path), ElementsAre("one", "of two\nlines", "last: warning: here"));
}

}  // namespace
}  // namespace kindred::host
