#include "host/data/dataset_notes.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;

struct NotedDataset final : Dataset {
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t size() const override { return 0; }
  const std::vector<int64_t>& labels() const override { return none; }
  at::Tensor read(int64_t) const override { return {}; }
  std::string sample_name(int64_t) const override { return ""; }
  std::string fingerprint() const override { return "noted"; }
  std::vector<Note> notes() const override {
    return {{"2 boxes were clipped", false}, {"3 rows have no label", true}};
  }
  std::vector<int64_t> none;
};

struct HeardContext final : Context {
  void warning(const std::string& text) override { heard.push_back(text); }
  std::vector<std::string> heard;
};

TEST(DatasetNotes, are_said_once_each) {
  HeardContext context;
  say_notes(NotedDataset(), OnError::skip, context);
  EXPECT_THAT(context.heard, ElementsAre("2 boxes were clipped", "3 rows have no label"));
}

TEST(DatasetNotes, end_the_run_when_samples_are_lost_and_on_error_is_fail) {
  HeardContext context;
  std::string error;
  try {
    say_notes(NotedDataset(), OnError::fail, context);
  } catch (const Error& thrown) {
    error = thrown.what();
  }
  EXPECT_EQ(error, "3 rows have no label (data.on_error is \"fail\")");
  EXPECT_THAT(context.heard, ElementsAre("2 boxes were clipped"));
}

}  // namespace
}  // namespace kindred::host
