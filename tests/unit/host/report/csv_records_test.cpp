#include "host/report/csv_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CsvRecords, hold_commas_line_breaks_and_quotation_marks_where_they_are_quoted) {
  const auto records = csv_records("a,\"b,c\"\r\n\"d\ne\",\"\"\"f\"\"\"\n,\n", "t.csv");
  ASSERT_EQ(records.size(), 3U);
  EXPECT_THAT(records[0].cells, ElementsAre("a", "b,c"));
  EXPECT_THAT(records[1].cells, ElementsAre("d\ne", "\"f\""));
  EXPECT_EQ(records[1].line, 2U);
  EXPECT_THAT(records[2].cells, ElementsAre("", ""));
  EXPECT_EQ(records[2].line, 4U) << "a line break inside of a cell counts";
}

TEST(CsvRecords, need_no_line_break_at_the_end_and_leave_out_empty_lines) {
  const auto records = csv_records("a,b\n\r\n\n\"c\",d", "t.csv");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_THAT(records[1].cells, ElementsAre("c", "d"));
  EXPECT_THAT(csv_records("a,", "t.csv").at(0).cells, ElementsAre("a", ""));
  EXPECT_TRUE(csv_records("", "t.csv").empty());
}

TEST(CsvRecords, keep_a_return_and_a_quotation_mark_inside_of_a_plain_cell) {
  EXPECT_THAT(csv_records("a\rb,5\" wide\n", "t.csv").at(0).cells, ElementsAre("a\rb", "5\" wide"));
}

TEST(CsvRecords, say_the_line_where_quotation_marks_do_not_fit) {
  EXPECT_THAT(testing::thrown([] { csv_records("a\n\"b\nc\n", "t.csv"); }),
              HasSubstr("t.csv, line 2: a quotation mark is not closed"));
  EXPECT_THAT(testing::thrown([] { csv_records("a\n\"b\"c,d\n", "t.csv"); }),
              HasSubstr("t.csv, line 2: something stands behind"));
}

}  // namespace
}  // namespace kindred::host
