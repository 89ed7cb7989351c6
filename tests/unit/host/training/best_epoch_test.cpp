#include "host/training/best_epoch.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/options/monitor.hpp"

namespace kindred::host {
namespace {

class BestEpochTest : public ::testing::Test {
 protected:
  BestEpoch watch(const EarlyStoppingOptions& options, const std::string& monitor) {
    return BestEpoch(options, monitor, [this] { return std::vector<NamedTensor>{{"w", weight_}}; });
  }
  at::Tensor weight_ = at::zeros({2});
};

TEST_F(BestEpochTest, metrics_rise_and_losses_fall_unless_the_pipeline_says_otherwise) {
  EXPECT_TRUE(is_loss_name("validation.loss"));
  EXPECT_TRUE(is_loss_name("train.loss"));
  EXPECT_FALSE(is_loss_name("validation.closs"));
  EXPECT_FALSE(is_loss_name("loss"));
  const auto second_is_better = [&](const std::string& monitor, MonitorMode mode, bool falls = false) {
    BestEpoch best(
        {"", mode, 0, 0}, monitor,
        [this] {
          return std::vector<NamedTensor>{{"w", weight_}};
        },
        falls);
    EXPECT_TRUE(best.note(1, 0.5)) << "the first value is the best so far";
    return best.note(2, 0.6);
  };
  EXPECT_TRUE(second_is_better("validation.r_precision", MonitorMode::automatic));
  EXPECT_FALSE(second_is_better("validation.loss", MonitorMode::automatic));
  EXPECT_TRUE(second_is_better("validation.loss", MonitorMode::max));
  EXPECT_FALSE(second_is_better("validation.r_precision", MonitorMode::min));
  EXPECT_FALSE(second_is_better("validation.mean_rank", MonitorMode::automatic, true));
  EXPECT_TRUE(second_is_better("validation.mean_rank", MonitorMode::max, true));
}

TEST_F(BestEpochTest, counts_epochs_that_are_not_better_by_enough) {
  auto best = watch({"", MonitorMode::automatic, 2, 0.1}, "validation.loss");
  EXPECT_TRUE(best.note(1, 1.0));
  EXPECT_FALSE(best.note(2, 0.95)) << "by less than min_delta";
  EXPECT_FALSE(best.out_of_patience());
  EXPECT_FALSE(best.note(3, 1.2));
  EXPECT_TRUE(best.out_of_patience());
  EXPECT_EQ(best.epochs_since(), 2);
  EXPECT_TRUE(best.note(4, 0.85));
  EXPECT_FALSE(best.out_of_patience());
  EXPECT_EQ(best.epoch(), 4);
  EXPECT_EQ(best.value(), 0.85);
}

TEST_F(BestEpochTest, without_patience_it_never_stops) {
  auto best = watch({}, "train.loss");
  for (int64_t epoch = 1; epoch < 50; ++epoch) best.note(epoch, epoch == 1 ? 0.5 : 1.0);
  EXPECT_EQ(best.epochs_since(), 48);
  EXPECT_FALSE(best.out_of_patience());
}

TEST_F(BestEpochTest, keeps_copies_of_the_weights_and_puts_them_back) {
  auto best = watch({}, "train.loss");
  EXPECT_FALSE(best.restore()) << "there is no best epoch yet";
  weight_.fill_(1);
  best.note(1, 3.0);
  weight_.fill_(2);
  best.note(2, 4.0);
  EXPECT_TRUE(at::equal(best.weights().front().tensor, at::ones({2})));
  EXPECT_TRUE(best.restore());
  EXPECT_TRUE(at::equal(weight_, at::ones({2})));
}

TEST_F(BestEpochTest, a_value_that_is_never_defined_has_no_best_epoch) {
  auto best = watch({}, "validation.r_precision");
  EXPECT_FALSE(best.note(1, std::nan("")));
  EXPECT_EQ(best.epoch(), 0);
  EXPECT_EQ(best.epochs_since(), 0) << "what is not known is no lack of progress";
  EXPECT_EQ(best.value(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(best.weights().empty());
}

TEST_F(BestEpochTest, a_value_that_never_changes_keeps_the_latest_epoch_and_stops_nothing) {
  auto best = watch({"", MonitorMode::automatic, 2, 0}, "validation.r_precision");
  for (int64_t epoch = 1; epoch <= 6; ++epoch) {
    weight_.fill_(static_cast<float>(epoch));
    EXPECT_TRUE(best.note(epoch, 1.0));
  }
  EXPECT_FALSE(best.has_varied());
  EXPECT_FALSE(best.out_of_patience());
  EXPECT_EQ(best.epoch(), 6);
  EXPECT_TRUE(at::equal(best.weights().front().tensor, at::full({2}, 6.0F)));
  // From the first change on an equal value is no better one.
  EXPECT_FALSE(best.note(7, 0.5));
  EXPECT_FALSE(best.note(8, 1.0));
  EXPECT_TRUE(best.has_varied());
  EXPECT_TRUE(best.out_of_patience());
  EXPECT_EQ(best.epoch(), 6);
}

TEST_F(BestEpochTest, goes_on_from_what_was_noted_before) {
  auto best = watch({"", MonitorMode::automatic, 3, 0}, "train.loss");
  best.resume(5, 0.25, 2, true, {{"w", at::full({2}, 9.0F)}});
  EXPECT_FALSE(best.note(8, 0.3));
  EXPECT_TRUE(best.out_of_patience());
  EXPECT_EQ(best.epoch(), 5);
  EXPECT_TRUE(best.restore());
  EXPECT_TRUE(at::equal(weight_, at::full({2}, 9.0F)));
}

}  // namespace
}  // namespace kindred::host
