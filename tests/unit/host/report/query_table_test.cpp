#include "host/report/query_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class QueryFile : public ::testing::Test {
 protected:
  QueryTable read(const std::string& text) {
    write_file_atomically(folder_ / "queries.csv", text);
    return read_query_table(folder_.path().string());
  }
  std::string refusal(const std::string& text) {
    return testing::thrown([&] { read(text); });
  }

  testing::TemporaryFolder folder_{"query_table"};
};

TEST_F(QueryFile, is_read_by_the_names_of_its_columns) {
  const auto table = read(
      "class,sample,label,base.ndcg_at_5,tuned.ndcg_at_5,tuned.class_2,tuned.neighbour_1,tuned.class_1,"
      "tuned.distance_1,base.neighbour_1,base.distance_1,later\n"
      "\"a, b\",x/1.jpg,3,0.25,,c,x/2.jpg,c,0.1,x/3.jpg,1e-05,?\n"
      "c,x/2.jpg,-4,1,0.5,c,,,,,,?\n");
  EXPECT_THAT(table.samples, ElementsAre("x/1.jpg", "x/2.jpg"));
  EXPECT_THAT(table.labels, ElementsAre(3, -4));
  EXPECT_THAT(table.classes, ElementsAre("a, b", "c"));
  ASSERT_EQ(table.base.size(), 1U);
  EXPECT_EQ(QueryTable::find(table.base, "r_precision"), nullptr);
  EXPECT_THAT(QueryTable::find(table.base, "ndcg_at_5")->values, ElementsAre(0.25, 1.0));
  ASSERT_EQ(table.tuned.size(), 1U) << "class_2 is no metric";
  EXPECT_TRUE(std::isnan(table.tuned[0].values[0])) << "an empty cell is an undefined value";
  EXPECT_EQ(table.tuned[0].values[1], 0.5);
  EXPECT_THAT(table.tuned_nearest.samples, ElementsAre("x/2.jpg", ""));
  EXPECT_THAT(table.tuned_nearest.classes, ElementsAre("c", ""));
  EXPECT_EQ(table.tuned_nearest.distances[0], 0.1);
  EXPECT_EQ(table.base_nearest.distances[0], 1e-05);
  EXPECT_TRUE(table.base_nearest.classes.empty()) << "the file does not have the column";
}

TEST_F(QueryFile, keeps_every_metric_apart) {
  const auto table = read("sample,label,class,tuned.a,tuned.distance_to_mean,base.b\nx,1,c,1,2,3\n");
  ASSERT_EQ(table.tuned.size(), 2U);
  EXPECT_THAT(table.tuned[0].values, ElementsAre(1.0));
  EXPECT_THAT(QueryTable::find(table.tuned, "distance_to_mean")->values, ElementsAre(2.0));
  EXPECT_THAT(table.base[0].values, ElementsAre(3.0));
}

TEST_F(QueryFile, without_a_query_is_an_empty_table) {
  EXPECT_TRUE(read("sample,label,class,tuned.a\n").samples.empty());
}

TEST_F(QueryFile, is_refused_with_the_line_that_is_wrong) {
  EXPECT_THAT(refusal(""), HasSubstr("queries.csv is empty"));
  EXPECT_THAT(refusal("sample,label,class\na,1,b\nc,2\n"), HasSubstr("line 3: there are 2 cells"));
  EXPECT_THAT(refusal("sample,label,class,tuned.a\na,1,b,0.5x\n"),
              HasSubstr("line 2: the column tuned.a has `0.5x`"));
  EXPECT_THAT(refusal("sample,label,class\na,one,b\n"), HasSubstr("line 2: the column label has `one`"));
  EXPECT_THAT(refusal("sample,class\na,b\n"), HasSubstr("sample, label and class is missing"));
  EXPECT_THAT(refusal("sample,label,class,class\na,1,b,b\n"), HasSubstr("there twice"));
}

}  // namespace
}  // namespace kindred::host
