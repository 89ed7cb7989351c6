#include "kindred/io/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

TEST(File, is_replaced_as_a_whole_and_leaves_nothing_else) {
  const testing::TemporaryFolder folder("file");
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(folder / "x", "old");
  write_file_atomically(folder / "x", bytes);
  EXPECT_EQ(read_file(folder / "x"), bytes);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  struct stat status {};
  ::stat((folder / "x").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0400u, 0400u);
}

TEST(File, failures_name_the_path_and_the_reason) {
  const testing::TemporaryFolder folder("file");
  EXPECT_THAT(testing::thrown([&] { read_file(folder / "missing"); }),
              AllOf(HasSubstr("missing"), HasSubstr("No such file")));
  EXPECT_THAT(testing::thrown([&] { read_file(folder.path().string()); }), HasSubstr("folder"));
  EXPECT_THAT(testing::thrown([&] { write_file_atomically(folder / "no/x", "1"); }), HasSubstr("no/x"));
}

}  // namespace
}  // namespace kindred
