#include <gtest/gtest.h>

#include <thread>

#include "../distributed/thread_communicator.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using kindred::testing::TemporaryFolder;

void set_options(MadeTraining& training) {
  training.options.epochs = 4;
  training.options.accumulate = 2;
  training.options.gradient_cache = 4;  // smaller than the part of a process
  training.memory = 15;
}

std::vector<at::Tensor> learned(MadeTraining& training) {
  std::vector<at::Tensor> all;
  for (const auto& one : training.model.heads.parameters()) all.push_back(one.tensor.detach());
  for (const auto& one : training.loss->parameters()) all.push_back(one.tensor.detach());
  return all;
}

TEST(Trainer, two_processes_train_what_one_trains_alone) {
  const TemporaryFolder alone_folder("trainer_alone"), folder("trainer_first");
  MadeTraining alone(alone_folder.path().string());
  set_options(alone);
  const auto expected = alone.trainer().train();

  MadeTraining first(folder.path().string()),
      second("/folder/that/is/not/there");  // only the first one writes
  MeetingPoint point(2);
  ThreadCommunicator first_communicator(point, 0), second_communicator(point, 1);
  TrainReport first_report, second_report;
  for (auto* training : {&first, &second}) set_options(*training);
  auto& first_trainer = first.trainer(first_communicator);
  auto& second_trainer = second.trainer(second_communicator);
  std::thread other([&] { second_report = second_trainer.train(); });
  first_report = first_trainer.train();
  other.join();

  const auto one = learned(alone), left = learned(first), right = learned(second);
  ASSERT_EQ(one.size(), 3U);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(at::allclose(left[i], one[i], 1e-3, 1e-4)) << i << left[i] << one[i];
    EXPECT_TRUE(at::equal(left[i], right[i])) << "both processes have the same weights";
  }
  EXPECT_EQ(first_report.best_epoch, expected.best_epoch);
  EXPECT_EQ(second_report.best_value, first_report.best_value);
  EXPECT_NEAR(first_report.best_value, expected.best_value, 1e-4);
}

/// Each process computes the loss of some anchors.
TEST(Trainer, three_processes_that_divide_the_loss_train_what_one_trains_alone) {
  const TemporaryFolder alone_folder("trainer_alone"), folder("trainer_divides");
  MadeTraining alone(alone_folder.path().string());
  set_options(alone);
  alone.trainer().train();
  std::vector<std::unique_ptr<MadeTraining>> all;
  for (const auto& path : {folder.path().string(), std::string("/not/there"), std::string("/not/there")}) {
    all.push_back(std::make_unique<MadeTraining>(path));
    set_options(*all.back());
    all.back()->limits = {1, 1, 1, 1, 2};
  }
  as_group(3, [&](Communicator& communicator) {
    all[static_cast<size_t>(communicator.rank())]->trainer(communicator).train();
  });
  EXPECT_GT(all[0]->loss->calls, alone.loss->calls) << "a batch comes in parts";
  const auto expected = learned(alone);
  for (const auto& one : all) {
    const auto here = learned(*one);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(at::allclose(here[i], expected[i], 1e-3, 1e-4)) << i << here[i] << expected[i];
      EXPECT_TRUE(at::equal(here[i], learned(*all[0])[i])) << "all have the same weights";
    }
  }
}

TEST(Trainer, two_processes_stop_together) {
  const TemporaryFolder folder("trainer_stops");
  MadeTraining first(folder.path().string()), second("/folder/that/is/not/there");
  second.context.stop_at = 2;  // the user's signal reaches one of them
  MeetingPoint point(2);
  ThreadCommunicator first_communicator(point, 0), second_communicator(point, 1);
  TrainReport first_report, second_report;
  auto& first_trainer = first.trainer(first_communicator);
  auto& second_trainer = second.trainer(second_communicator);
  std::thread other([&] { second_report = second_trainer.train(); });
  first_report = first_trainer.train();
  other.join();
  EXPECT_TRUE(first_report.interrupted);
  EXPECT_TRUE(second_report.interrupted);
  EXPECT_EQ(first_report.steps, 2);
  EXPECT_EQ(second_report.steps, 2);
}

}  // namespace
}  // namespace kindred::host
