#include "files/text_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {

std::string lines_in(const std::string& text) {
  const testing::TemporaryFolder folder("text_lines");
  write_file_atomically(folder / "t.txt", text);
  std::string all;
  for (const auto& line : text_lines(folder / "t.txt")) all += std::to_string(line.number) + line.text + "|";
  return all;
}

TEST(TextLines, keep_their_numbers_whatever_ends_them_and_blank_ones_are_left_out) {
  EXPECT_EQ(lines_in("a\n\n \t\nb"), "1a|4b|");
  EXPECT_EQ(lines_in("a\r\n\r\nb\r\n"), "1a|3b|");
  EXPECT_EQ(lines_in("a\r\rb\r"), "1a|3b|");
  EXPECT_EQ(lines_in("\xEF\xBB\xBF"
                     "a b\xE9\n"),
            "1a b\xE9|");
}

TEST(TextLines, of_utf16_are_refused) { EXPECT_THROW(lines_in(std::string("\xFE\xFF\0a\0\n", 6)), Error); }

}  // namespace
}  // namespace kindred
