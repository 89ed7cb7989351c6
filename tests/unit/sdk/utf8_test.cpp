#include "kindred/io/utf8.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto npos = std::string_view::npos;

std::string refused(const std::string& bytes) {
  try {
    return text_content(bytes, "t.csv");
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Utf8, is_what_the_standard_says) {
  for (const char* text :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xEF\xBF\xBF", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(first_not_utf8(text), npos) << text;
  // A byte alone, a character cut off, overlong forms, a surrogate, beyond U+10FFFF.
  for (const char* text : {"\x80", "\xE9", "\xC3", "\xE2\x82", "\xC0\xAF", "\xE0\x80\x80", "\xF0\x80\x80\x80",
                           "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"})
    EXPECT_EQ(first_not_utf8(std::string("ab") + text), 2U) << shown(text);
}

TEST(Utf8, names_that_are_none_are_shown_with_escapes_that_can_be_undone) {
  EXPECT_EQ(shown("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(shown("a\\xE9"), "a\\xE9") << "UTF-8 stays what it is";
  EXPECT_EQ(shown("caf\xE9.png"), "caf\\xE9.png");
  EXPECT_EQ(shown("\xC3\xA9\xE9\xFF"), "\xC3\xA9\\xE9\\xFF");
  EXPECT_EQ(shown("a\\xE9\xE9"), "a\\x5CxE9\\xE9") << "not taken for the same name";
  EXPECT_EQ(shown("c:\\new\xE9"), "c:\\new\\xE9");
}

TEST(Utf8, a_path_that_was_shown_is_found_again) {
  const testing::TemporaryFolder folder("utf8");
  for (const char* name : {"caf\xE9", "a\\xE9\xE9", "\xC3\xA9\\x", "plain\\xE8"}) {
    const auto path = folder / name;
    write_file_atomically(path, "");
    EXPECT_EQ(path_of_shown(shown(path)), path);
  }
  EXPECT_EQ(path_of_shown(folder / "absent"), folder / "absent");
}

TEST(Utf8, a_byte_order_mark_is_skipped_and_wide_encodings_are_named) {
  EXPECT_EQ(text_content("\xEF\xBB\xBFpath,label\n", "t.csv"), "path,label\n");
  EXPECT_EQ(text_content("caf\xE9\n", "t.csv"), "caf\xE9\n") << "bytes of names pass";
  EXPECT_EQ(
      refused(std::string("\xFF\xFEp\0a\0", 6)),
      "t.csv is no UTF-8: it begins with the byte order mark of UTF-16LE; convert it: iconv -f UTF-16 -t "
      "UTF-8 t.csv");
  EXPECT_THAT(refused(std::string("\xFE\xFF\0p", 4)), HasSubstr("mark of UTF-16BE"));
  EXPECT_THAT(refused(std::string("\xFF\xFE\0\0p\0\0\0", 8)), HasSubstr("mark of UTF-32LE"));
  EXPECT_THAT(refused(std::string("p\0a\0t\0h\0\n\0", 10)), HasSubstr("iconv -f UTF-16LE"));
  EXPECT_THAT(refused(std::string("\0p\0a\0t\0h\0\n", 10)), HasSubstr("iconv -f UTF-16BE"));
}

TEST(Utf8, a_text_in_another_encoding_is_named_with_the_place_and_the_way_out) {
  EXPECT_EQ(encoding_fault("path,label\na,\xC3\xA9", "t.csv"), "");
  EXPECT_EQ(encoding_fault("path,label\r\na,\xC3\xA9t\xE9\r\n", "t.csv"),
            "byte 0xE9 at line 2, column 5 is no UTF-8; it looks like Windows-1252 or Latin-1; convert it: "
            "iconv -f "
            "WINDOWS-1252 -t UTF-8 t.csv");
  EXPECT_THAT(encoding_fault("caf\xE9", "t.txt", 7), HasSubstr("line 7, column 4"));
  EXPECT_THAT(encoding_fault("a\rb\r\xE9", "t.txt"), HasSubstr("line 3, column 1"));
  const std::string cyrillic = "\xEF\xF0\xE8\xE2\xE5\xF2";  // Windows-1251
  EXPECT_THAT(encoding_fault(cyrillic, "t.txt"), HasSubstr("iconv -f ENCODING"));
  EXPECT_THAT(encoding_fault(cyrillic, "t.txt"), Not(HasSubstr("Latin")));
}

}  // namespace
}  // namespace kindred
