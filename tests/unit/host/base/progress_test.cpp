#include "host/base/progress.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kindred::host {
namespace {

/// Keeps what it is told.
class Listener final : public Context {
 public:
  void show(const ProgressState& state) override { told.push_back(state); }
  std::vector<ProgressState> told;
};

TEST(Progress, tells_its_context_every_state_and_the_end_once) {
  Listener context;
  {
    Progress progress("encoding", "samples", 10, context);
    progress.update(4, "loss 0.5");
    progress.update(10);
    progress.finish();
  }
  ASSERT_EQ(context.told.size(), 3u) << "the destructor says nothing that finish() has said";
  EXPECT_EQ(context.told[0].label, "encoding");
  EXPECT_EQ(context.told[0].unit, "samples");
  EXPECT_EQ(context.told[0].done, 4);
  EXPECT_EQ(context.told[0].total, 10);
  EXPECT_EQ(context.told[0].note, "loss 0.5");
  EXPECT_FALSE(context.told[1].finished);
  EXPECT_TRUE(context.told[2].finished);
  EXPECT_GE(context.told[2].rate, 0);
}

TEST(Progress, durations_are_said_as_people_say_them) {
  EXPECT_EQ(duration_text(4.21), "4.2 s");
  EXPECT_EQ(duration_text(190), "3 min 10 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
}

}  // namespace
}  // namespace kindred::host
