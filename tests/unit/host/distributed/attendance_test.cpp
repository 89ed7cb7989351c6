#include "host/distributed/attendance.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "made_store.hpp"

namespace kindred::host {
namespace {

constexpr AttendanceLimits kShort{0.02, 0.5, 0.2, 0.2, 0.5, 60};

/// Some processes of a group; each ends with its object.
class Group3 {
 public:
  explicit Group3(AttendanceLimits limits = kShort) : limits_(limits) {
    for (int64_t rank = 0; rank < 3; ++rank) members_.push_back(nullptr), begin(rank);
  }
  void begin(int64_t rank) {
    GroupMember member;
    member.rank = rank;
    member.size = 3;
    member.master = "node0";
    members_[static_cast<size_t>(rank)] =
        std::make_unique<Attendance>(std::make_unique<MadeStore>(content), member,
                                     std::vector<std::string>{"rank 0 on a", "rank 1 on b", "rank 2 on c"},
                                     limits_, [this](const std::string& reason) {
                                       const std::lock_guard<std::mutex> one(mutex_);
                                       ended_ = reason;
                                     });
  }
  /// As SIGKILL does: no word is left.
  void kill(int64_t rank) { members_[static_cast<size_t>(rank)].reset(); }
  Attendance& of(int64_t rank) { return *members_[static_cast<size_t>(rank)]; }
  std::string ended() {
    const std::lock_guard<std::mutex> one(mutex_);
    return ended_;
  }

  MadeStoreContent content;

 private:
  const AttendanceLimits limits_;
  std::mutex mutex_;
  std::string ended_;
  std::vector<std::unique_ptr<Attendance>> members_;
};

/// Waits for a text that is not empty; gives up after far more than it may take.
std::string awaited(const std::function<std::string()>& text) {
  for (int i = 0; i < 1000; ++i) {
    if (auto found = text(); !found.empty()) return found;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "nothing came";
}

TEST(Attendance, is_quiet_while_all_are_there) {
  Group3 group;
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  for (int64_t rank = 0; rank < 3; ++rank) EXPECT_EQ(group.of(rank).failure(), "");
}

TEST(Attendance, tells_the_first_process_how_far_the_others_are) {
  Group3 group;
  group.of(2).tell_progress("0.250 encoding");
  EXPECT_EQ(awaited([&] { return group.of(0).told_progress()[2]; }), "0.250 encoding");
  EXPECT_EQ(group.of(0).told_progress()[1], "");
}

TEST(Attendance, misses_a_process_that_is_gone_on_all_others) {
  Group3 group;
  group.kill(2);
  for (int64_t rank = 0; rank < 2; ++rank) {
    const auto failure = awaited([&] { return group.of(rank).failure(); });
    EXPECT_NE(failure.find("rank 2 on c is missing"), std::string::npos) << failure;
  }
}

TEST(Attendance, misses_the_first_process_too) {
  Group3 group;
  group.kill(0);
  for (int64_t rank = 1; rank < 3; ++rank) {
    const auto failure = awaited([&] { return group.of(rank).failure(); });
    EXPECT_NE(failure.find("rank 0 on a is missing"), std::string::npos) << failure;
  }
}

TEST(Attendance, tells_the_reason_of_a_process_that_ends) {
  Group3 group;
  group.of(1).tell_failure("its disk is full");
  group.of(2).tell_failure("another reason, too late");
  for (int64_t rank : {0, 1, 2}) {
    EXPECT_EQ(awaited([&] { return group.of(rank).failure(); }), "rank 1 on b ended: its disk is full");
  }
}

TEST(Attendance, finds_who_is_missing_sooner_when_a_connection_is_lost) {
  Group3 group({0.02, 1000, 0.2, 0.2, 0.5, 60});
  group.kill(1);
  const auto failure = group.of(2).failure_after_lost_connection("closed by peer");
  EXPECT_NE(failure.find("rank 1 on b is missing"), std::string::npos) << failure;
}

TEST(Attendance, says_what_is_known_where_nobody_is_missing) {
  Group3 group({0.02, 1000, 1000, 0.2, -999.5, 60});
  const auto failure = group.of(1).failure_after_lost_connection("closed by peer");
  EXPECT_TRUE(failure.find("closed by peer") != std::string::npos ||
              failure.find("is missing") != std::string::npos)
      << failure;
}

TEST(Attendance, notices_that_the_store_is_gone) {
  Group3 group;
  {
    const std::lock_guard<std::mutex> one(group.content.mutex);
    group.content.is_lost = true;
  }
  const auto failure = awaited([&] { return group.of(1).failure(); });
  EXPECT_NE(failure.find("rank 0 on a keeps it"), std::string::npos) << failure;
}

TEST(Attendance, notices_a_store_that_does_not_answer) {
  Group3 group;
  {
    const std::lock_guard<std::mutex> hangs(group.content.hangs);
    const auto failure = awaited([&] { return group.of(1).failure(); });
    EXPECT_NE(failure.find("does not answer; rank 0 on a keeps it"), std::string::npos) << failure;
    group.of(1).tell_failure("this process ends");  // comes back although the store does not
  }
}

TEST(Attendance, ends_a_process_that_does_not_end_itself) {
  Group3 group({0.02, 0.2, 0.2, 0.2, 0.5, 0.1});
  group.kill(2);
  const auto reason = awaited([&] { return group.ended(); });
  EXPECT_NE(reason.find("rank 2 on c is missing"), std::string::npos) << reason;
}

}  // namespace
}  // namespace kindred::host
