#include "host/training/trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using kindred::testing::TemporaryFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<nlohmann::json> history_of(const TemporaryFolder& folder) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_file(folder / "history.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::vector<std::string> checkpoint_files(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& one : fs::directory_iterator(folder / "checkpoints")) {
    names.push_back(one.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Trainer, lowers_the_loss_and_leaves_a_history_and_a_checkpoint) {
  const TemporaryFolder folder("trainer");
  MadeTraining training(folder.path().string());
  training.options.epochs = 8;
  const auto report = training.trainer().train();
  EXPECT_EQ(report.epochs, 8);
  EXPECT_EQ(report.steps, 8 * 3);
  EXPECT_EQ(report.monitor, "validation.loss");
  EXPECT_GE(report.best_epoch, 1);
  EXPECT_FALSE(report.interrupted || report.stopped_early);
  EXPECT_TRUE(training.context.warnings.empty());
  const auto history = history_of(folder);
  ASSERT_EQ(history.size(), 8U);
  EXPECT_LT(history.back()["train"]["loss"].get<double>(),
            0.9 * history.front()["train"]["loss"].get<double>());
  EXPECT_EQ(history[static_cast<size_t>(report.best_epoch - 1)]["validation"]["loss"].get<double>(),
            report.best_value);
  EXPECT_THAT(checkpoint_files(folder),
              ElementsAre("epoch_00008_step_00000.best.safetensors", "epoch_00008_step_00000.optimizer.pt",
                          "epoch_00008_step_00000.safetensors", "trainer.json"));
}

TEST(Trainer, ends_with_the_weights_of_the_best_epoch) {
  const TemporaryFolder longer("trainer_long"), shorter("trainer_short");
  const auto trained = [](const TemporaryFolder& folder, std::vector<double> values) {
    MadeTraining training(folder.path().string());
    training.options.epochs = static_cast<int64_t>(values.size());
    training.options.early_stopping.monitor = "";  // the first metric
    training.metrics = {std::make_shared<ScriptedMetric>(values)};
    const auto report = training.trainer().train();
    EXPECT_EQ(report.monitor, "validation.scripted");
    EXPECT_EQ(report.best_epoch, 2);
    EXPECT_EQ(report.best_value, 0.9);
    return training.weights();
  };
  EXPECT_TRUE(at::equal(trained(longer, {0.1, 0.9, 0.2, 0.89}), trained(shorter, {0.1, 0.9})));
}

TEST(Trainer, stops_when_patience_is_over) {
  const TemporaryFolder folder("trainer_patience");
  MadeTraining training(folder.path().string());
  training.options.epochs = 9;
  training.options.early_stopping = {"validation.scripted", MonitorMode::automatic, 3, 0.05};
  // 0.53 is not better than 0.5 by more than 0.05.
  training.metrics = {std::make_shared<ScriptedMetric>(std::vector<double>{0.4, 0.5, 0.53, 0.5, 0.2, 0.9})};
  const auto report = training.trainer().train();
  EXPECT_TRUE(report.stopped_early);
  EXPECT_EQ(report.epochs, 5);
  EXPECT_EQ(report.best_epoch, 2);
}

TEST(Trainer, keeps_the_lowest_epoch_of_a_metric_that_is_better_when_smaller) {
  const TemporaryFolder folder("trainer_falls");
  MadeTraining training(folder.path().string());
  training.options.epochs = 9;
  training.options.early_stopping = {"validation.scripted", MonitorMode::automatic, 2, 0};
  training.metrics = {std::make_shared<ScriptedMetric>(std::vector<double>{9, 5, 3, 4, 7, 1}, false)};
  const auto report = training.trainer().train();
  EXPECT_EQ(report.best_epoch, 3);
  EXPECT_EQ(report.best_value, 3);
  EXPECT_EQ(report.epochs, 5);
}

TEST(Trainer, validation_of_one_class_chooses_no_epoch_and_stops_nothing) {
  const auto trained = [](const std::string& monitor) {
    const TemporaryFolder folder("trainer_one_class");
    MadeTraining training(folder.path().string());
    auto& rows = training.split.validation;
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [](SampleIndex row) { return to_int(row) % MadeTraining::kClasses != 7; }),
               rows.end());
    training.options.epochs = 6;
    training.options.early_stopping = {monitor, MonitorMode::automatic, 2, 0};
    training.metrics = {std::make_shared<ScriptedMetric>(std::vector<double>{1, 0.9, 1, 0.8, 1, 0.7})};
    const auto report = training.trainer().train();
    EXPECT_EQ(report.epochs, 6) << monitor;
    EXPECT_FALSE(report.stopped_early) << monitor;
    EXPECT_FALSE(report.tells_apart) << monitor;
    EXPECT_THAT(training.context.warnings, ElementsAre(HasSubstr("validation has one class to find")));
    EXPECT_EQ(history_of(folder).back()["validation"]["scripted"], 0.7) << "it is measured all the same";
    return training.weights();
  };
  EXPECT_TRUE(at::equal(trained("validation.scripted"), trained("")));
}

TEST(Trainer, a_value_that_is_the_same_in_every_epoch_keeps_the_last_one_and_is_warned_of) {
  const TemporaryFolder folder("trainer_constant"), other("trainer_rising");
  const auto trained = [](const TemporaryFolder& at, std::vector<double> values) {
    MadeTraining training(at.path().string());
    training.options.epochs = 5;
    training.options.early_stopping = {"validation.scripted", MonitorMode::automatic, 2, 0};
    training.metrics = {std::make_shared<ScriptedMetric>(std::move(values))};
    const auto report = training.trainer().train();
    EXPECT_EQ(report.epochs, 5);
    EXPECT_EQ(report.best_epoch, 5);
    return std::pair(training.weights(), training.context.warnings);
  };
  const auto constant = trained(folder, {1, 1, 1, 1, 1}), rising = trained(other, {0.1, 0.2, 0.3, 0.4, 0.5});
  EXPECT_TRUE(at::equal(constant.first, rising.first));
  EXPECT_THAT(constant.second, ElementsAre(HasSubstr("validation.scripted was 1 in every epoch")));
  EXPECT_TRUE(rising.second.empty());
}

TEST(Trainer, what_was_noted_of_a_constant_value_outlives_an_interruption) {
  const TemporaryFolder folder("trainer_constant_parts");
  for (const bool resumed : {false, true}) {
    MadeTraining training(folder.path().string());
    training.options.epochs = 6;
    training.options.early_stopping = {"validation.scripted", MonitorMode::automatic, 2, 0};
    training.metrics = {std::make_shared<ScriptedMetric>(std::vector<double>(6, 1.0))};
    training.context.stop_at = resumed ? 0 : 9;  // an epoch of three batches asks three times
    auto& trainer = training.trainer();
    trainer.resume();
    const auto report = trainer.train();
    EXPECT_EQ(report.interrupted, !resumed);
    EXPECT_EQ(report.epochs, resumed ? 6 : 3);
    EXPECT_EQ(report.best_epoch, report.epochs);
  }
}

TEST(Trainer, a_loss_of_0_in_every_batch_is_warned_of) {
  const TemporaryFolder folder("trainer_no_loss");
  MadeTraining training(folder.path().string());
  training.loss->factor = 0;
  training.options.epochs = 3;
  training.options.early_stopping.monitor = "train.loss";
  const auto report = training.trainer().train();
  EXPECT_EQ(report.best_epoch, 3);
  EXPECT_THAT(training.context.warnings,
              ElementsAre(HasSubstr("the loss was 0 in every batch of the first epoch"),
                          HasSubstr("train.loss was 0 in every epoch")));
}

TEST(Trainer, warns_once_when_all_embeddings_point_one_way) {
  const TemporaryFolder folder("trainer_collapse");
  MadeTraining training(folder.path().string());
  training.rows = at::ones_like(training.rows) + at::randn_like(training.rows) * 1e-4;
  training.trainer().train();
  EXPECT_THAT(training.context.warnings, Contains(HasSubstr("the embeddings have collapsed")).Times(1));
}

TEST(Trainer, says_that_no_epoch_had_a_defined_value) {
  const TemporaryFolder folder("trainer_undefined");
  MadeTraining training(folder.path().string());
  training.options.epochs = 2;
  training.options.early_stopping.monitor = "validation.scripted";
  training.metrics = {
      std::make_shared<ScriptedMetric>(std::vector<double>(2, std::numeric_limits<double>::quiet_NaN()))};
  const auto before = training.weights();
  const auto report = training.trainer().train();
  EXPECT_EQ(report.best_epoch, 0);
  EXPECT_THAT(training.context.warnings,
              ElementsAre("no epoch had a defined validation.scripted; the last epoch's weights are kept"));
  EXPECT_FALSE(at::equal(training.weights(), before));
}

/// Everything that a checkpoint has to keep: what is drawn, averages, gradients of several batches, memories,
/// class means.
void set_every_feature(MadeTraining& training) {
  training.options.epochs = 5;
  training.options.ema = 0.8;
  training.options.accumulate = 2;
  training.options.gradient_cache = 5;
  training.options.gradient_clip = 0.7;
  training.options.early_stopping.patience = 4;
  training.memory = 20;
  training.sampler = std::make_shared<MadeSampler>(7, 2);
}

struct Trained {
  at::Tensor weights;
  TrainReport report;
  std::vector<nlohmann::json> history;
};

/// Trains; where `stop_at` is not 0, it is stopped there and goes on with everything made anew.
Trained trained(const std::string& name, int64_t stop_at) {
  const TemporaryFolder folder(name);
  if (stop_at > 0) {
    MadeTraining training(folder.path().string(), 0.2);
    set_every_feature(training);
    training.context.stop_at = stop_at;
    const auto report = training.trainer().train();
    EXPECT_TRUE(report.interrupted);
    EXPECT_LT(report.epochs, 5);
  }
  MadeTraining training(folder.path().string(), 0.2);
  set_every_feature(training);
  auto& trainer = training.trainer();
  trainer.resume();
  EXPECT_EQ(training.context.infos.size(), stop_at > 0 ? 1U : 0U);
  auto report = trainer.train();
  auto history = history_of(folder);
  for (auto& line : history) {
    line.erase("seconds");
    line["train"].erase("seconds");
  }
  return {training.weights(), report, history};
}

TEST(Trainer, goes_on_after_an_interruption_to_the_same_weights_bit_for_bit) {
  const auto whole = trained("trainer_whole", 0);
  EXPECT_EQ(whole.report.epochs, 5);
  // An epoch has 6 batches and asks 3 times: behind the second and the fourth batch, and at its end.
  for (const int64_t stop_at : {1, 3, 5, 7, 9}) {
    const auto parts = trained("trainer_parts", stop_at);
    EXPECT_TRUE(at::equal(parts.weights, whole.weights)) << stop_at;
    EXPECT_EQ(parts.report.best_epoch, whole.report.best_epoch) << stop_at;
    EXPECT_EQ(parts.report.best_value, whole.report.best_value) << stop_at;
    EXPECT_EQ(parts.history, whole.history) << stop_at;
  }
}

TEST(Trainer, names_the_step_whose_loss_is_not_finite_and_keeps_the_epochs_before) {
  const TemporaryFolder folder("trainer_nan");
  MadeTraining training(folder.path().string());
  // An epoch has 3 batches and a validation in 1: call 6 is the second step of the second epoch.
  training.loss->before = [&](int64_t call) {
    training.loss->factor = call == 6 ? std::numeric_limits<double>::infinity() : 1;
  };
  auto& trainer = training.trainer();
  EXPECT_THAT(kindred::testing::thrown([&] { trainer.train(); }),
              HasSubstr("the loss acme.loss is inf in epoch 2, step 2, on embeddings that are finite"));
  EXPECT_THAT(training.context.infos,
              ElementsAre(HasSubstr("1 epochs and 0 steps are kept: --resume " + folder.path().string())));
  const auto meta = nlohmann::json::parse(read_file(folder / "checkpoints/trainer.json"));
  EXPECT_EQ(meta["epoch"], 1);
  EXPECT_EQ(meta["step"], 0);
}

/// 36 training rows in batches of `size`, through a batch norm that the host does not know.
std::unique_ptr<MadeTraining> through_batch_norm(const std::string& folder, bool refuses, int64_t size) {
  auto training = std::make_unique<MadeTraining>(folder);
  training->model.heads.stages.push_back(
      {"acme.norm", "acme", std::make_shared<MadeBatchNorm>(MadeTraining::kDimension, refuses)});
  training->sampler = std::make_shared<MadeSampler>(size);
  training->options.epochs = 2;
  return training;
}

TEST(Trainer, leaves_out_a_batch_of_one_sample_that_a_batch_norm_cannot_take_and_says_so_once) {
  for (const bool refuses : {false, true}) {
    const TemporaryFolder folder("trainer_batch_norm");
    const auto training = through_batch_norm(folder.path().string(), refuses, 35);
    training->trainer().train();
    EXPECT_TRUE(training->weights().isfinite().all().item<bool>());
    ASSERT_EQ(training->context.warnings.size(), 1U);
    EXPECT_THAT(training->context.warnings.front(), HasSubstr("of epoch 1, step 2 has one sample"));
  }
}

TEST(Trainer, refuses_batches_that_all_have_one_sample_before_anything_is_trained) {
  const TemporaryFolder folder("trainer_batch_norm");
  const auto training = through_batch_norm(folder.path().string(), false, 1);
  const auto before = training->weights();
  EXPECT_THAT(kindred::testing::thrown([&] { training->trainer().train(); }),
              HasSubstr("of at least two samples"));
  EXPECT_TRUE(at::equal(training->weights(), before));
}

TEST(Trainer, joins_a_part_of_one_sample_with_the_part_before_it) {
  for (const bool refuses : {false, true}) {
    const TemporaryFolder folder("trainer_batch_norm");
    const auto training = through_batch_norm(folder.path().string(), refuses, 9);
    training->options.gradient_cache = 8;
    training->trainer().train();
    EXPECT_TRUE(training->weights().isfinite().all().item<bool>());
    EXPECT_THAT(training->context.warnings, ::testing::IsEmpty());
  }
  const TemporaryFolder folder("trainer_batch_norm");
  const auto training = through_batch_norm(folder.path().string(), false, 9);
  training->options.gradient_cache = 1;
  EXPECT_THAT(kindred::testing::thrown([&] { training->trainer().train(); }),
              HasSubstr("train.gradient_cache is 1"));
}

TEST(Trainer, names_the_sample_whose_embedding_is_not_finite) {
  const TemporaryFolder folder("trainer_nan_row");
  MadeTraining training(folder.path().string());
  training.rows[3][1] = std::numeric_limits<float>::quiet_NaN();
  const auto sentence = kindred::testing::thrown([&] { training.trainer().train(); });
  EXPECT_THAT(sentence, HasSubstr("of 1 of its 12 samples are not finite"));
  EXPECT_THAT(sentence, HasSubstr(training.dataset.sample_name(3)));
}

TEST(Trainer, refuses_a_pattern_that_matches_nothing) {
  MadeTraining training("");
  training.model.heads.stages.clear();
  training.options.freeze = {{"head.*", 1, 0}};
  EXPECT_THAT(kindred::testing::thrown([&] { training.trainer(); }),
              HasSubstr("no parameter that is trained is called \"head.*\""));
}

TEST(Trainer, does_not_resume_a_training_that_was_chosen_by_another_value) {
  const TemporaryFolder folder("trainer_monitor");
  MadeTraining first(folder.path().string());
  first.options.epochs = 1;
  first.trainer().train();
  MadeTraining second(folder.path().string());
  second.options.early_stopping.monitor = "validation.scripted";
  auto& trainer = second.trainer();
  EXPECT_THAT(kindred::testing::thrown([&] { trainer.resume(); }),
              HasSubstr("chose its best epoch by validation.loss, now validation.scripted is monitored"));
}

}  // namespace
}  // namespace kindred::host
