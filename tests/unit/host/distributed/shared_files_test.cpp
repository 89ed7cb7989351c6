#include "host/distributed/shared_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"
#include "thread_communicator.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using kindred::testing::TemporaryFolder;

void take_files(const std::string& first, const std::string& second) {
  MeetingPoint point(2);
  ThreadCommunicator mine(point, 0), other(point, 1);
  std::thread thread([&] { take_files_from_first(second, other); });
  take_files_from_first(first, mine);
  thread.join();
}

TEST(SharedFiles, lie_with_every_process) {
  const TemporaryFolder first("shared_first"), second("shared_second");
  const std::string bytes("\0\1\2 binary", 10);
  write_file_atomically(first / "a.bin", bytes);
  write_file_atomically(first / "empty", "");
  fs::create_directories(first / "below");
  const auto target = second / "made";
  take_files(first.path().string(), target);
  EXPECT_EQ(read_file(target + "/a.bin"), bytes);
  EXPECT_EQ(read_file(target + "/empty"), "");
  EXPECT_FALSE(fs::exists(target + "/below"));
}

TEST(SharedFiles, are_none_where_the_first_has_no_folder) {
  const TemporaryFolder second("shared_none");
  take_files("/folder/that/is/not/there", second / "made");
  EXPECT_FALSE(fs::exists(second / "made"));
}

}  // namespace
}  // namespace kindred::host
