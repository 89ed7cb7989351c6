#include "host/distributed/member_progress.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kindred::host {
namespace {

ProgressState state(const char* label, int64_t done, bool finished = false) {
  ProgressState out;
  out.label = label;
  out.done = done;
  out.total = 200;
  out.finished = finished;
  return out;
}

std::string note_beside(const std::vector<ProgressState>& others, const std::string& note = "") {
  std::vector<std::string> told = {""};  // rank 0 tells itself nothing
  for (const auto& one : others) told.push_back(progress_to_tell(one));
  auto mine = state("encoding", 100);
  mine.note = note;
  return with_slowest(mine, told).note;
}

TEST(MemberProgress, names_the_slowest_of_those_that_do_the_same) {
  EXPECT_EQ(note_beside({state("encoding", 60), state("encoding", 40), state("encoding", 120)}),
            "rank 2 at 20 %");
  EXPECT_EQ(note_beside({state("encoding", 40)}, "loss 0.3"), "loss 0.3, rank 1 at 20 %");
}

TEST(MemberProgress, says_nothing_where_all_are_about_as_far) {
  EXPECT_EQ(note_beside({}), "");
  EXPECT_EQ(note_beside({state("encoding", 95), state("encoding", 100)}), "");
  EXPECT_EQ(note_beside({state("measuring", 2)}), "") << "which is another task";
  EXPECT_EQ(note_beside({state("encoding", 0, true)}), "") << "it is done";
}

TEST(MemberProgress, allows_for_the_age_of_what_it_was_told) {
  auto mine = state("training", 3);
  mine.total = 10;
  auto other = mine;
  other.done = 2;
  EXPECT_EQ(with_slowest(mine, {"", progress_to_tell(other)}).note, "") << "one epoch";
  other.done = 1;
  EXPECT_EQ(with_slowest(mine, {"", progress_to_tell(other)}).note, "rank 1 at 10 %");
  mine.rate = 2;
  EXPECT_EQ(with_slowest(mine, {"", progress_to_tell(other)}).note, "") << "it does two a second";
  mine.rate = 0;
  mine.finished = true;
  EXPECT_EQ(with_slowest(mine, {"", progress_to_tell(other)}).note, "");
}

TEST(MemberProgress, passes_by_what_it_does_not_understand) {
  EXPECT_EQ(with_slowest(state("encoding", 100), {"", "x", " ", "encoding"}).note, "");
}

}  // namespace
}  // namespace kindred::host
