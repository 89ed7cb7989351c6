#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "gradient_image.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "kindred/text.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::thrown;

/// A table, written anew for every dataset.
class TableFile : public testing::TemporaryFolder {
 public:
  TableFile() : TemporaryFolder("csv_table_file") {}
  std::shared_ptr<Dataset> made(const std::string& text, json params = json::object()) const {
    write_file_atomically(*this / "list.csv", text);
    params["file"] = *this / "list.csv";
    return testing::make<Dataset>("vision", "kindred.csv", params);
  }
};

TEST(CsvTables, a_line_break_in_quotes_is_part_of_its_cell) {
  const TableFile folder;
  const auto dataset = folder.made("path,label,note\na.png,x,\"first\ny, z, w\"\nb.png,y,\"a\r\nb\"\n",
                                   {{"text_columns", {"note"}}});
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->sample_name(1), "b.png");
  EXPECT_TRUE(at::equal(dataset->read_field(0, 1), text_tensor("first\ny, z, w")));
  EXPECT_THAT(thrown([&] { folder.made("path,label,note\na.png,x,\"first\nsecond\"\nb.png\n"); }),
              HasSubstr("list.csv:4: has 1 fields, the header 3"));
}

TEST(CsvTables, quotation_marks_inside_of_cells_and_blanks_around_them_do_no_harm) {
  const TableFile folder;
  const auto dataset = folder.made(" path , label \r\n 5\" disk.png , disk \r\n\"a b.png\" ,disk\r\n");
  EXPECT_EQ(dataset->sample_name(0), "5\" disk.png");
  EXPECT_EQ(dataset->sample_name(1), "a b.png");
  EXPECT_THAT(dataset->class_names(), ElementsAre("disk"));
}

TEST(CsvTables, rows_without_a_label_are_counted_and_integers_beside_them_stay_integers) {
  const TableFile folder;
  const auto dataset = folder.made("path,label\na.png,30\nb.png,\nc.png,\"\"\nd.png,  \ne.png,4\n");
  EXPECT_THAT(dataset->labels(), ElementsAre(30, -1, -1, -1, 4));
  EXPECT_THAT(dataset->class_names(), IsEmpty());
  ASSERT_EQ(dataset->notes().size(), 1U);
  EXPECT_THAT(dataset->notes()[0].text, HasSubstr("3 of 5 rows have no label (lines 3, 4, 5)"));
  EXPECT_TRUE(dataset->notes()[0].loses_samples);
}

TEST(CsvTables, rows_without_a_path_are_left_out_and_counted) {
  const TableFile folder;
  const auto dataset = folder.made("path,label\na.png,x\n,\n ,y\nb.png,y\n");
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 1));
  EXPECT_THAT(dataset->notes().at(0).text, HasSubstr("2 rows have no path (lines 3, 4) and are left out"));
  EXPECT_THAT(thrown([&] { folder.made("path,label,label\na.png,x,y\n"); }),
              HasSubstr("has two columns \"label\""));
  EXPECT_THAT(thrown([&] { folder.made("path;label\na.png;x\n"); }), HasSubstr("the delimiter is \",\""));
}

TEST(CsvTables, names_of_another_encoding_are_the_bytes_that_they_are_and_texts_are_refused) {
  const TableFile folder;
  write_picture(folder / "caf\xE9.png");
  const auto dataset = folder.made("path,label\ncaf\xE9.png,\xE9t\xE9\n");
  EXPECT_EQ(dataset->sample_name(0), "caf\xE9.png");
  EXPECT_EQ(dataset->read(0).dim(), 3);
  EXPECT_THAT(dataset->class_names(), ElementsAre("\xE9t\xE9"));
  ASSERT_EQ(dataset->notes().size(), 1U);
  EXPECT_THAT(dataset->notes()[0].text,
              HasSubstr("byte 0xE9 at line 2, column 4 is no UTF-8; it looks like Windows-1252 or Latin-1"));
  EXPECT_THAT(thrown([&] {
                folder.made("path,label,t\na.png,x,\xE9\n", {{"text_columns", {"t"}}});
              }),
              HasSubstr("list.csv:2: the text \"t\" cannot be read: byte 0xE9"));
  EXPECT_THAT(thrown([&] { folder.made(std::string("\xFF\xFEp\0a\0t\0h\0", 10)); }),
              HasSubstr("byte order mark of UTF-16LE; convert it: iconv -f UTF-16 -t UTF-8"));
}

TEST(JsonlTables, lines_without_a_label_are_counted_and_blank_ones_are_no_lines) {
  const TableFile folder;
  write_file_atomically(
      folder / "list.jsonl",
      "\xEF\xBB\xBF{\"path\": \"a\", \"label\": \"x\"}\n \t\n{\"path\": \"b\", \"label\": \"\"}\n"
      "{\"path\": \"c\", \"label\": null}\n{\"path\": \"d\"}\n{\"path\": \"e\", \"label\": \" x \"}\n");
  const auto dataset = testing::make<Dataset>("vision", "kindred.jsonl", {{"file", folder / "list.jsonl"}});
  EXPECT_THAT(dataset->labels(), ElementsAre(0, -1, -1, -1, 0));
  EXPECT_THAT(dataset->class_names(), ElementsAre("x"));
  EXPECT_THAT(dataset->notes().at(0).text, HasSubstr("3 of 5 lines have no label (lines 3, 4, 5)"));
}

}  // namespace
}  // namespace kindred
