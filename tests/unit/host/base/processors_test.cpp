#include "host/base/processors.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;

class Processors : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& content) {
    fs::create_directories(fs::path(folder_ / path).parent_path());
    write_file_atomically(folder_ / path, content);
  }
  int64_t of(const std::string& groups) {
    write("groups", groups);
    return processors_of_quota(folder_ / "groups", folder_ / "cgroup");
  }
  testing::TemporaryFolder folder_{"processors"};
};

TEST_F(Processors, of_a_quota_are_rounded_up) {
  write("cgroup/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(of("0::/a\n"), 2);
  write("cgroup/a/cpu.max", "10000 100000\n");
  EXPECT_EQ(of("0::/a\n"), 1);
}

TEST_F(Processors, are_not_bounded_where_there_is_no_quota) {
  write("cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(of("0::/a\n"), 0);
  EXPECT_EQ(of("0::/not_there\n"), 0);
  EXPECT_EQ(of("what is this\n"), 0);
  EXPECT_EQ(processors_of_quota(folder_ / "none", folder_ / "cgroup"), 0);
}

TEST_F(Processors, of_a_group_are_bounded_by_each_group_above_it) {
  write("cgroup/a/cpu.max", "200000 100000\n");
  write("cgroup/a/b/c/cpu.max", "400000 100000\n");
  EXPECT_EQ(of("0::/a/b/c\n"), 2);
  write("cgroup/cpu.max", "100000 100000\n");  // of a container, whose own group is the root that it sees
  EXPECT_EQ(of("0::/\n"), 1);
}

TEST_F(Processors, of_version_1_are_read_where_the_controller_is) {
  write("cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "300000\n");
  write("cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  const std::string groups = "11:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n";
  EXPECT_EQ(of(groups), 3);
  write("cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(of(groups), 0);
  write("cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");  // as a container sees its own group
  write("cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(of(groups), 1);
}

TEST(UsableProcessors, are_at_least_one_and_no_more_than_the_process_may_run_on) {
  EXPECT_GE(usable_processors(), 1);
  EXPECT_LE(usable_processors(), static_cast<int64_t>(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace kindred::host
