#include "host/index/where.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::thrown;

class Where : public ::testing::Test {
 protected:
  Where() {
    auto writer = IndexWriter::create(path_, testing::small_space(), "test");
    const auto add = [&](const std::string& id, const nlohmann::json& columns) {
      auto item = testing::made_item(id);
      item.columns = columns;
      writer.add({item}, testing::made_row(id, 0), Existing::refuse);
    };
    add("a", {{"make", "BMW"}, {"year", 2012}, {"part", "007"}});
    add("b", {{"make", "Audi"}, {"year", 2009}, {"part", "12a"}});
    add("c", {{"make", "BMW"}, {"year", 999}});
    add("d", {{"make", "O'Neil; DROP"}, {"Spare \"part\"", 1}});
    add("e", {{"make", "BMW"}, {"year", 2020}});
    writer.remove({"e"});
  }

  std::vector<int64_t> rows(const std::string& where) const {
    const auto mask = IndexFolder::open(path_)->select(where);
    const auto found = mask.nonzero().squeeze(1).contiguous();
    return {found.data_ptr<int64_t>(), found.data_ptr<int64_t>() + found.numel()};
  }
  std::string refusal(const std::string& where) const {
    return thrown([&] { IndexFolder::open(path_)->select(where); });
  }

  testing::TemporaryFolder folder_{"where"};
  const std::string path_ = folder_ / "index";
};

TEST_F(Where, selects_items_that_are_not_removed) {
  EXPECT_THAT(rows("make = 'BMW' and year >= 2010"), ElementsAre(0));
  EXPECT_THAT(rows("make = 'BMW'"), ElementsAre(0, 2));
  EXPECT_THAT(rows("1"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(rows("make LIKE 'b%' OR id IN ('b', 'd')"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(rows("year IS NULL"), ElementsAre(3));
  EXPECT_THAT(rows("lower(make) = 'audi' AND length(path) > 3"), ElementsAre(1));
  EXPECT_THAT(rows("make = 'O''Neil; DROP'"), ElementsAre(3)) << "what stands in quotes is a text";
  EXPECT_THAT(rows("\"Spare \"\"part\"\"\" = 1"), ElementsAre(3));
  EXPECT_THAT(rows("CASE WHEN year > 2000 THEN row > 0 ELSE 0 END"), ElementsAre(1));
  EXPECT_THAT(rows("year BETWEEN 1000 AND 2010"), ElementsAre(1));
  EXPECT_THAT(rows("0"), IsEmpty());
}

TEST_F(Where, compares_numbers_with_texts_as_the_column_has_them) {
  EXPECT_THAT(rows("year >= '2010'"), ElementsAre(0)) << "999 is not above 2010 as a text would be";
  EXPECT_THAT(rows("part = '007'"), ElementsAre(0));
  EXPECT_THAT(rows("part = '7'"), IsEmpty());
}

TEST_F(Where, says_what_sqlite_said_and_which_columns_there_are) {
  EXPECT_THAT(refusal("maker = 'BMW'"),
              AllOf(HasSubstr("no such column: maker"), HasSubstr("row, id, path, label, class_name"),
                    HasSubstr("make, ")));
  EXPECT_THAT(refusal("make = \"BMW\""), AllOf(HasSubstr("BMW"), HasSubstr("single quotes")));
  EXPECT_THAT(refusal("make ="), HasSubstr("syntax error"));
  EXPECT_THAT(refusal(""), HasSubstr("it is empty"));
  EXPECT_THAT(refusal("make = 'BMW"), HasSubstr("no partner"));
}

TEST_F(Where, takes_one_expression_that_reads_the_items_and_nothing_else) {
  for (const auto* attempt :
       {"1) OR (1",
        "1; DROP TABLE items",
        "1 -- and more",
        "1 /* more",
        "(SELECT 1)",
        "(1",
        "make = ?",
        "year > :y",
        "id IN (SELECT id FROM items)",
        "EXISTS (SELECT * FROM facts)",
        "facts.name = 'x'",
        "load_extension('x')",
        "randomblob(1000000000) IS NULL",
        "printf('%1000000000d', 1) = ''",
        "readfile('/etc/passwd') = ''",
        "1 UNION SELECT row FROM items",
        "1 ORDER BY row",
        "1 LIMIT 1",
        "count(*) > 1",
        "zeroblob(1000000000) = ''",
        "replace(make, 'a', 'aaaaaaaaa') = ''",
        "ATTACH 'x' AS y",
        "row IN (WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT x FROM t)"}) {
    EXPECT_THAT(refusal(attempt), HasSubstr("cannot be used")) << attempt;
  }
  EXPECT_THAT(refusal(std::string("1\0", 2)), HasSubstr("zero byte"));
  EXPECT_THAT(rows("1"), ElementsAre(0, 1, 2, 3)) << "nothing was changed";
}

TEST_F(Where, is_stopped_where_it_takes_too_long) {
  const testing::TemporaryFolder folder("where_long");
  Database database(folder / "many.sqlite", Database::Use::create);
  ItemTable(database).create();
  database.run(
      "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 200000) INSERT INTO items "
      "SELECT x, "
      "x, '', 0, '', 0, 0, '', 0 FROM n");
  auto mask = at::zeros({200001}, at::kBool);
  EXPECT_THAT(thrown([&] { select_where(database, "length(id) > 100", {"id"}, mask, 0); }),
              HasSubstr("takes longer than 0 s"));
  select_where(database, "length(id) = 6", {"id"}, mask);
  EXPECT_EQ(mask.sum().item<int64_t>(), 100001);
}

}  // namespace
}  // namespace kindred::host
