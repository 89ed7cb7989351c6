#include "host/base/progress.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace kindred::host {
namespace {

/// Keeps what it is told.
class StateListener final : public Context {
 public:
  void show(const ProgressState& state) override { told.push_back(state); }
  std::vector<ProgressState> told;
};

TEST(Progress, tells_its_context_every_state_and_the_end_once) {
  StateListener context;
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

TEST(Progress, counts_what_this_execution_did_and_nothing_that_was_done_before_it) {
  StateListener fresh, resumed;
  {
    Progress all("encoding", "samples", 1000, fresh), rest("encoding", "samples", 1000, resumed, 600);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    all.update(800);  // the first chunk is work, however large it is
    rest.update(800);
  }
  const auto units = [](const ProgressState& state) { return state.rate * state.elapsed_seconds; };
  EXPECT_NEAR(units(fresh.told.front()), 800, 1e-6);
  EXPECT_NEAR(units(resumed.told.front()), 200, 1e-6);
  EXPECT_EQ(resumed.told.front().done, 800);
}

TEST(Progress, durations_are_said_as_people_say_them) {
  EXPECT_EQ(duration_text(4.21), "4.2 s");
  EXPECT_EQ(duration_text(190), "3 min 10 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
}

ProgressState training() {
  ProgressState state;
  state.label = "training";
  state.unit = "epochs";
  state.note = "validation r_precision 0.4512, loss 0.1234, validation map_at_r 0.3005, validation loss 0.2";
  state.done = 12;
  state.total = 100;
  state.rate = 0.25;
  return state;
}

TEST(ProgressLine, has_all_where_there_is_room) {
  EXPECT_EQ(progress_line(training(), 200, true),
            "[##------------------] training 12/100 epochs, 0.25/s, 5 min 52 s left, validation r_precision "
            "0.4512, loss 0.1234, validation map_at_r 0.3005, validation loss 0.2");
}

TEST(ProgressLine, keeps_how_far_it_is_and_the_value_that_decides_in_80_columns) {
  EXPECT_EQ(progress_line(training(), 80, true),
            "training 12/100 epochs, 0.25/s, 5 min 52 s left, validation r_precision 0.4512");
  EXPECT_EQ(progress_line(training(), 79, false),
            "training 12/100 epochs, 0.25/s, 5 min 52 s left, validation r_precision 0.4512");
  EXPECT_EQ(progress_line(training(), 60, true), "training 12/100 epochs, validation r_precision 0.4512");
  auto done = training();
  done.note = "loss 0.1234";
  EXPECT_EQ(progress_line(done, 80, true),
            "[#---------] training 12/100 epochs, 0.25/s, 5 min 52 s left, loss 0.1234");
}

TEST(ProgressLine, shortens_long_names_and_never_goes_beyond_the_width) {
  auto state = training();
  state.label = "encoding mirror images for an_encoder_with_a_name_that_somebody_took_much_pleasure_in";
  state.unit = "samples";
  state.note = "";
  state.done = 123456;
  state.total = 1234567;
  EXPECT_EQ(progress_line(state, 80, true),
            "encoding mirror images for an_encoder_with_a_name_that... 123456/1234567 samples");
  state.note =
      "validation a_metric_with_a_name_as_long_as_the_line_itself_or_even_a_little_longer_than_it 0.5";
  for (size_t width = 20; width <= 200; ++width) {
    EXPECT_LE(progress_line(state, width, true).size(), width);
    EXPECT_LE(progress_line(state, width, false).size(), width);
  }
  EXPECT_EQ(progress_line(state, 80, true).substr(0, 32), "encod... 123456/1234567 samples,");
  state.label = "\u00e4\u00f6\u00fc";  // two bytes a column
  state.note = "";
  EXPECT_EQ(progress_line(state, 27, true), "\u00e4\u00f6\u00fc 123456/1234567 samples");
}

}  // namespace
}  // namespace kindred::host
