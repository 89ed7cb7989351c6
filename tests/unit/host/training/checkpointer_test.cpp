#include "host/training/checkpointer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "kindred/io/file.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using kindred::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One weight with everything that a checkpoint has.
class CheckpointerTest : public ::testing::Test {
 protected:
  struct Training {
    explicit Training(std::string folder) {
      OptimizerOptions options;
      optimizer = std::make_unique<Optimizer>(options, ScheduleOptions{}, 10, 0,
                                              ParameterGroups{{}, {{"w", weight}}, {}, {}});
      average = std::make_unique<WeightAverage>(std::vector<NamedTensor>{{"0.w", weight}}, 0.9);
      checkpointer =
          std::make_unique<Checkpointer>(std::move(folder),
                                         ResumableState{[this] {
                                                          return std::vector<NamedTensor>{{"w", weight}};
                                                        },
                                                        *optimizer, average.get(), best, all_steps},
                                         context, alone);
    }
    void step() {
      optimizer->start_epoch(0);
      optimizer->zero_gradients();
      (weight * weight).sum().backward();
      optimizer->step(std::sqrt(optimizer->squared_gradient_norm().item<double>()));
      average->update();
      ++all_steps;
    }
    double number() const { return weight[0].item<double>(); }

    at::Tensor weight = at::ones({1, 1}).reshape({1});
    std::unique_ptr<Optimizer> optimizer;
    std::unique_ptr<WeightAverage> average;
    BestEpoch best{{}, "train.loss", [this] { return std::vector<NamedTensor>{{"w", weight}}; }};
    int64_t all_steps = 0;
    MadeContext context;
    LocalCommunicator alone;
    std::unique_ptr<Checkpointer> checkpointer;
  };

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& one : fs::directory_iterator(folder_ / "checkpoints")) {
      names.push_back(one.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string path() const { return folder_.path().string(); }

  TemporaryFolder folder_{"checkpointer"};
};

TEST_F(CheckpointerTest, a_training_goes_on_from_what_was_written) {
  Training first(path());
  EXPECT_FALSE(first.checkpointer->resume()) << "there is none yet";
  first.checkpointer->start({});
  for (int i = 0; i < 3; ++i) first.step();
  first.best.note(1, 0.5);
  first.step();
  first.checkpointer->write({1, 2, 0.75});
  const double average = first.average->average().front().tensor[0].item<double>();
  first.step();

  Training second(path());
  const auto position = second.checkpointer->resume();
  ASSERT_TRUE(position);
  EXPECT_EQ(position->epoch, 1);
  EXPECT_EQ(position->step, 2);
  EXPECT_EQ(position->loss_sum, 0.75);
  EXPECT_EQ(second.all_steps, 4);
  EXPECT_EQ(second.best.epoch(), 1);
  EXPECT_EQ(second.best.value(), 0.5);
  EXPECT_EQ(second.average->updates(), 4);
  EXPECT_EQ(second.average->average().front().tensor[0].item<double>(), average);
  second.step();
  EXPECT_EQ(second.number(), first.number()) << "the optimizer's moments are the same";
  ASSERT_TRUE(second.best.restore());
  first.best.restore();
  EXPECT_EQ(second.number(), first.number());
}

TEST_F(CheckpointerTest, a_new_checkpoint_takes_the_place_of_the_old_one) {
  Training training(path());
  training.step();
  training.checkpointer->write({0, 3, 1.5});
  EXPECT_THAT(files(),
              ElementsAre("epoch_00000_step_00003.average.safetensors", "epoch_00000_step_00003.optimizer.pt",
                          "epoch_00000_step_00003.safetensors", "trainer.json"));
  training.best.note(1, 1);
  training.checkpointer->write({1, 0, 0});
  EXPECT_THAT(files(),
              ElementsAre("epoch_00001_step_00000.average.safetensors",
                          "epoch_00001_step_00000.best.safetensors", "epoch_00001_step_00000.optimizer.pt",
                          "epoch_00001_step_00000.safetensors", "trainer.json"));
}

TEST_F(CheckpointerTest, after_a_failure_in_a_step_the_kept_epoch_is_written) {
  Training training(path());
  training.checkpointer->start({});
  training.step();
  training.checkpointer->consistent_at({1, 0, 0});
  training.checkpointer->keep();
  const double kept = training.number();
  training.checkpointer->inconsistent();
  training.step();
  training.checkpointer->save_after_failure();
  EXPECT_THAT(training.context.infos,
              ElementsAre("1 epochs and 0 steps are kept: --resume " + path() + " goes on from there"));
  Training again(path());
  ASSERT_TRUE(again.checkpointer->resume());
  EXPECT_EQ(again.number(), kept);
  EXPECT_EQ(again.all_steps, 1);
}

TEST_F(CheckpointerTest, after_a_failure_between_steps_the_state_itself_is_written_without_its_average) {
  Training training(path());
  training.checkpointer->start({});
  for (int i = 0; i < 4; ++i) training.step();
  training.checkpointer->consistent_at({0, 4, 2.0});
  const double weight = training.number();
  training.average->put_in();  // it fails while the average is measured
  EXPECT_NE(training.number(), weight);
  training.checkpointer->save_after_failure();
  Training again(path());
  const auto position = again.checkpointer->resume();
  ASSERT_TRUE(position);
  EXPECT_EQ(position->step, 4);
  EXPECT_EQ(again.number(), weight);
}

TEST_F(CheckpointerTest, a_failure_before_the_first_step_leaves_nothing) {
  Training training(path());
  training.checkpointer->start({});
  training.checkpointer->inconsistent();
  training.checkpointer->save_after_failure();
  EXPECT_TRUE(training.context.infos.empty());
  EXPECT_FALSE(fs::exists(folder_ / "checkpoints"));
}

TEST_F(CheckpointerTest, what_cannot_be_kept_is_a_warning) {
  Training training("/proc/no/folder");
  training.checkpointer->start({});
  training.checkpointer->consistent_at({0, 1, 0});
  training.checkpointer->save_after_failure();
  ASSERT_EQ(training.context.warnings.size(), 1U);
  EXPECT_THAT(training.context.warnings.front(), HasSubstr("what was trained cannot be kept"));
}

}  // namespace
}  // namespace kindred::host
