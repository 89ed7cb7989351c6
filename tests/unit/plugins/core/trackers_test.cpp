#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <sstream>

#include "component.hpp"
#include "event_file.hpp"
#include "kindred/io/file.hpp"
#include "kindred/tracker.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Epochs first + 1 to last; from epoch 3 on there is another value.
void follow(const std::string& id, const std::string& folder, int64_t first, int64_t last) {
  const auto tracker = testing::make<Tracker>("core", id);
  tracker->start({"r", folder, "{}", first});
  for (int64_t epoch = first + 1; epoch <= last; ++epoch) {
    std::vector<TrackedValue> values = {{"train/loss", 1.0 / static_cast<double>(epoch)},
                                        {"validation/x", kNaN}};
    if (epoch > 2) values.push_back({"late", 7});
    tracker->epoch(epoch, 10 * epoch, values);
  }
  tracker->finish("completed", {{"tuned/r_precision", 0.25}});
}

TEST(CsvTracker, has_a_column_per_value_and_a_row_per_epoch) {
  const testing::TemporaryFolder folder("csv");
  follow("kindred.csv", folder.path().string(), 0, 3);
  EXPECT_EQ(
      read_file(folder / "metrics.csv"),
      "epoch,steps,train/loss,validation/x,late\n1,10,1.0,,\n2,20,0.5,,\n3,30,0.3333333333333333,,7.0\n");
  follow("kindred.csv", folder.path().string(), 2, 4);  // resumed after epoch 2
  EXPECT_EQ(read_file(folder / "metrics.csv"),
            "epoch,steps,train/loss,validation/x,late\n1,10,1.0,,\n2,20,0.5,,\n3,30,0.3333333333333333,,7.0\n"
            "4,40,0.25,,7.0\n");
}

TEST(JsonlTracker, writes_a_line_per_epoch_and_the_result) {
  const testing::TemporaryFolder folder("jsonl");
  follow("kindred.jsonl", folder.path().string(), 0, 2);
  follow("kindred.jsonl", folder.path().string(), 1, 2);
  std::istringstream lines(read_file(folder / "metrics.jsonl"));
  std::vector<json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0], json({{"epoch", 1}, {"steps", 10}, {"train/loss", 1.0}, {"validation/x", nullptr}}));
  EXPECT_EQ(all[1]["epoch"], 2);
  EXPECT_EQ(all[2], json({{"status", "completed"}, {"tuned/r_precision", 0.25}}));
}

TEST(EventFile, checksum_is_castagnoli_s) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
}

/// The payloads of the records of an event file; checks lengths and checksums on the way.
std::vector<std::string> payloads(const std::string& bytes) {
  std::vector<std::string> out;
  size_t at = 0;
  while (at + 12 <= bytes.size()) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    const auto payload = bytes.substr(at + 12, length);
    EXPECT_EQ(event_record(payload), bytes.substr(at, length + 16));
    out.push_back(payload);
    at += length + 16;
  }
  EXPECT_EQ(at, bytes.size());
  return out;
}

TEST(TensorBoardTracker, writes_records_of_scalars) {
  const testing::TemporaryFolder folder("events");
  follow("kindred.tensorboard", folder.path().string(), 0, 3);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder / "tensorboard")) files.push_back(entry.path());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_THAT(files[0].filename().string(), HasSubstr("events.out.tfevents."));
  const auto events = payloads(read_file(files[0].string()));
  ASSERT_EQ(events.size(), 2U + 3 + 1 + 2)
      << "version and settings, a loss per epoch, the late value, the result, the end";
  EXPECT_THAT(events[0], HasSubstr("brain.Event:2"));
  EXPECT_THAT(events[1], HasSubstr("_hparams_/session_start_info"));
  EXPECT_THAT(events[2], HasSubstr("train/loss"));
  EXPECT_THAT(events[6], HasSubstr("tuned/r_precision"));
  EXPECT_THAT(events[7], HasSubstr("_hparams_/session_end_info"));
}

/// The event files of a run in the order in which TensorBoard reads them: that of their names.
std::vector<std::string> event_files(const testing::TemporaryFolder& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder / "tensorboard"))
    files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

/// What TensorBoard shows of a tag: the steps of its points. An event that says that a session began (field
/// 7, a SessionLog of status 1) removes the points of its step and later, as TensorBoard's
/// event_accumulator.py does for files of version 2.
std::vector<int64_t> shown_steps(const testing::TemporaryFolder& folder, const std::string& tag) {
  std::vector<int64_t> steps;
  for (const auto& file : event_files(folder)) {
    for (const auto& event : payloads(read_file(file))) {
      // Field 1 has nine bytes; then comes field 2, the step, in one byte as long as it is below 128.
      const bool has_step = event.size() > 10 && event[9] == '\x10';
      const int64_t step = has_step ? event[10] : 0;
      if (event.size() >= 4 && event.substr(event.size() - 4) == std::string("\x3A\x02\x08\x01", 4)) {
        steps.erase(std::remove_if(steps.begin(), steps.end(), [&](int64_t one) { return one >= step; }),
                    steps.end());
      } else if (event.find(tag) != std::string::npos) {
        steps.push_back(step);
      }
    }
  }
  return steps;
}

TEST(TensorBoardTracker, draws_one_curve_of_a_run_that_began_again_or_was_resumed) {
  const testing::TemporaryFolder again("again"), resumed("resumed");
  follow("kindred.tensorboard", again.path().string(), 0, 3);
  follow("kindred.tensorboard", again.path().string(), 0, 4);  // in the same second, as a rule
  EXPECT_EQ(event_files(again).size(), 2U);
  EXPECT_THAT(shown_steps(again, "train/loss"), ElementsAre(1, 2, 3, 4));
  follow("kindred.tensorboard", resumed.path().string(), 0, 3);
  follow("kindred.tensorboard", resumed.path().string(), 1, 4);
  EXPECT_THAT(shown_steps(resumed, "train/loss"), ElementsAre(1, 2, 3, 4));
}

TEST(Trackers, name_what_they_cannot_write) {
  const testing::TemporaryFolder folder("blocked");
  write_file_atomically(folder / "tensorboard", "a file where a folder should be");
  EXPECT_ANY_THROW(follow("kindred.tensorboard", folder.path().string(), 0, 1));
}

}  // namespace
}  // namespace kindred
