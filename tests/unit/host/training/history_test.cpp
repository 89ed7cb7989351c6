#include "host/training/history.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using kindred::testing::TemporaryFolder;

EpochResult some_result(double loss) {
  EpochResult result;
  result.train_loss = loss;
  result.step_seconds = 0.5;
  result.validation = {{"loss", 2.5}, {"r_precision", std::nan("")}};
  return result;
}

TEST(EpochResult, gives_the_value_that_is_monitored) {
  const auto result = some_result(1.5);
  EXPECT_EQ(result.value("train.loss"), 1.5);
  EXPECT_EQ(result.value("validation.loss"), 2.5);
  EXPECT_THROW(result.value("validation.recall"), std::out_of_range);
}

TEST(History, is_a_line_of_json_for_each_epoch) {
  const TemporaryFolder folder("history");
  const TrainingOptions options;
  const History history(folder.path().string(), options, nullptr);
  history.append(0, some_result(1.5), 0.75, true);
  history.append(1, some_result(1.25), 0.75, false);
  history.track(1, some_result(1.25), 10);  // there are no trackers
  EXPECT_EQ(
      read_file(folder / "history.jsonl"),
      R"({"best":true,"epoch":1,"learning_rate":0.001,"seconds":0.75,"train":{"loss":1.5,"seconds":0.5},)"
      R"("validation":{"loss":2.5,"r_precision":null}})"
      "\n"
      R"({"best":false,"epoch":2,"learning_rate":0.001,"seconds":0.75,"train":{"loss":1.25,"seconds":0.5},)"
      R"("validation":{"loss":2.5,"r_precision":null}})"
      "\n");
}

TEST(History, drops_the_epochs_that_are_repeated_and_a_line_that_was_torn) {
  const TemporaryFolder folder("history_kept");
  const TrainingOptions options;
  const History history(folder.path().string(), options, nullptr);
  history.keep_until(3);  // nothing is there yet
  for (int64_t epoch = 0; epoch < 4; ++epoch) history.append(epoch, some_result(1), 1, false);
  std::ofstream(folder / "history.jsonl", std::ios::app) << R"({"epoch":5,"tra)";
  history.keep_until(2);
  const auto text = read_file(folder / "history.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("\"epoch\":2"), std::string::npos);
  history.keep_until(0);
  EXPECT_EQ(read_file(folder / "history.jsonl"), "");
}

TEST(History, says_where_it_cannot_write) {
  const TrainingOptions options;
  const History history("/folder/that/is/not/there", options, nullptr);
  EXPECT_EQ(kindred::testing::thrown([&] { history.append(0, {}, 0, false); }),
            "cannot write /folder/that/is/not/there/history.jsonl; is the disk full?");
}

}  // namespace
}  // namespace kindred::host
