#include "files/csv_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Cells = std::vector<std::string>;

class CsvTable : public ::testing::Test {
 protected:
  std::vector<CsvRow> rows(const std::string& text, char delimiter = ',') const {
    write_file_atomically(folder_ / "t.csv", text);
    CsvReader reader(folder_ / "t.csv", delimiter);
    std::vector<CsvRow> all;
    for (CsvRow row; reader.next(row);) all.push_back(row);
    return all;
  }
  std::vector<Cells> words(const std::string& text, char delimiter = ',') const {
    std::vector<Cells> all;
    for (const auto& row : rows(text, delimiter)) {
      all.emplace_back();
      for (const auto& cell : row.cells) all.back().push_back(cell.word());
    }
    return all;
  }
  std::string refused(const std::string& text) const {
    try {
      rows(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  testing::TemporaryFolder folder_{"csv_table"};
};

TEST_F(CsvTable, rows_end_with_lf_cr_lf_or_cr_and_the_last_one_may_lack_it) {
  for (const char* text : {"a,b\nc,d\n", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "a,b\nc,d",
                           "\xEF\xBB\xBF"
                           "a,b\nc,d"})
    EXPECT_THAT(words(text), ElementsAre(Cells{"a", "b"}, Cells{"c", "d"})) << text;
  EXPECT_THAT(words("a,\n,b"), ElementsAre(Cells{"a", ""}, Cells{"", "b"}));
  EXPECT_THAT(words(""), ElementsAre());
}

TEST_F(CsvTable, quotes_hold_delimiters_line_ends_and_quotation_marks) {
  EXPECT_THAT(words("a,\"b, c\"\n\"d\r\ne\",\"\"\"f\"\" g\"\n"),
              ElementsAre(Cells{"a", "b, c"}, Cells{"d\r\ne", "\"f\" g"}));
  EXPECT_THAT(words("\"\",a\n"), ElementsAre(Cells{"", "a"}));
  EXPECT_THAT(words("a;\"b;c\"\n", ';'), ElementsAre(Cells{"a", "b;c"}));
}

TEST_F(CsvTable, a_quotation_mark_inside_of_an_unquoted_cell_is_a_character) {
  EXPECT_THAT(words("5\" disk,b\n3.5\",d\n"), ElementsAre(Cells{"5\" disk", "b"}, Cells{"3.5\"", "d"}));
  EXPECT_THAT(words("a \"b, c\" d\n"), ElementsAre(Cells{"a \"b", "c\" d"}));
}

TEST_F(CsvTable, blanks_around_a_cell_are_no_part_of_it_but_in_quotes) {
  EXPECT_THAT(words(" a , \" b \" ,\tc\t\n"), ElementsAre(Cells{"a", " b ", "c"}));
  EXPECT_THAT(words("a\t b \t\n", '\t'), ElementsAre(Cells{"a", "b", ""})) << "unless they are the delimiter";
  EXPECT_EQ(rows(" a ,b\n")[0].cells[0].text, " a ") << "a text keeps them";
}

TEST_F(CsvTable, empty_and_blank_lines_are_no_rows_and_lines_are_counted_as_an_editor_does) {
  const auto all = rows("a,b\n\n  \nc,\"d\ne\r\nf\rg\"\r\nh,i\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].line, 1);
  EXPECT_EQ(all[1].line, 4);
  EXPECT_EQ(all[2].line, 8);
}

TEST_F(CsvTable, quotes_that_are_wrong_are_told_with_their_line) {
  EXPECT_THAT(refused("a,b\nc,\"d\ne,f\n"),
              HasSubstr("t.csv:2: a cell begins with a quotation mark that is never closed"));
  EXPECT_THAT(refused("a,\"b\nc\"\n\"5\" disk\",d\n"), HasSubstr("t.csv:3: text follows the quotation mark"));
  EXPECT_THAT(refused(std::string("\xFF\xFE"
                                  "a\0",
                                  4)),
              HasSubstr("UTF-16"));
}

}  // namespace
}  // namespace kindred
