#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/context.hpp"
#include "host/index/merge_indexes.hpp"
#include "host/index/verify_index.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::small_space;
using testing::thrown;

/// Bytes that are no text.
std::string bytes_of(const std::string& id) {
  return std::string("\xFF\xD8\0", 3) + id + std::string(300, '\xE9');
}

class Thumbnails : public ::testing::Test {
 protected:
  /// Items with thumbnails, but for those whose id begins with "-".
  static void add(IndexWriter& writer, const std::vector<std::string>& ids,
                  Existing existing = Existing::refuse) {
    auto [items, rows] = testing::made_items(ids);
    for (auto& item : items) {
      if (item.id[0] != '-') item.thumbnail = bytes_of(item.id);
    }
    writer.add(items, rows, existing);
  }
  std::string of(const std::string& id, const std::string& path) const {
    const auto folder = IndexFolder::open(path);
    return folder->thumbnail(folder->find(id)->row);
  }
  int64_t version() const {
    return Database(path_ + "/metadata.sqlite", Database::Use::read).integer_of("PRAGMA user_version");
  }

  testing::TemporaryFolder folder_{"thumbnails"};
  const std::string path_ = folder_ / "index";
};

TEST_F(Thumbnails, belong_to_their_items_also_when_rows_get_other_numbers) {
  auto writer = IndexWriter::create(path_, small_space(), "test");
  add(writer, {"-a"});
  EXPECT_EQ(version(), 1) << "an index without them is read by earlier programs";
  EXPECT_EQ(IndexFolder::open(path_)->thumbnail(0), "");
  add(writer, {"b", "c", "-d", "e", "f"});
  EXPECT_EQ(version(), 2);
  EXPECT_EQ(of("-a", path_), "");
  EXPECT_EQ(of("e", path_), bytes_of("e"));
  EXPECT_THAT(writer.rows_without_thumbnail(0, 100), ElementsAre(0, 3));
  writer.set_thumbnails({{3, "jpeg of d"}});
  writer.remove({"b", "e"});
  writer.compact({}, testing::make_file_index);
  for (const auto* id : {"c", "f"}) EXPECT_EQ(of(id, path_), bytes_of(id));
  EXPECT_EQ(of("-d", path_), "jpeg of d");
  const auto info = IndexFolder::open(path_)->info()["thumbnails"];
  EXPECT_EQ(info["count"], 3) << "those of removed items are gone";
  EXPECT_EQ(info["bytes"], 2 * bytes_of("c").size() + 9);
  EXPECT_THAT(verify_index(path_).problems, IsEmpty());
  EXPECT_THAT(writer.live_items(0, 9).front().item.thumbnail, "") << "who looks through items reads none";
}

TEST_F(Thumbnails, come_along_when_indexes_are_merged_and_change_with_their_items) {
  auto writer = IndexWriter::create(path_, small_space(), "test");
  add(writer, {"b", "-c", "d"});
  writer.remove({"b"});
  auto other = IndexWriter::create(folder_ / "other", small_space(), "test");
  Context context;
  copy_items(path_, other, context);
  EXPECT_EQ(of("d", folder_ / "other"), bytes_of("d"));
  EXPECT_EQ(of("-c", folder_ / "other"), "");
  auto [items, rows] = testing::made_items({"d"}, 1);
  items.front().thumbnail = "another";
  writer.add(items, rows, Existing::replace);
  EXPECT_EQ(of("d", path_), "another");
}

TEST_F(Thumbnails, that_are_damaged_or_of_no_item_are_found) {
  auto writer = IndexWriter::create(path_, small_space(), "test");
  add(writer, {"b", "c"});
  Database(path_ + "/metadata.sqlite", Database::Use::write)
      .run(
          "UPDATE thumbnails SET jpeg = CAST('x' || jpeg AS BLOB) WHERE row = 1;"
          "INSERT INTO thumbnails VALUES (7, 'y', 'z')");
  EXPECT_THAT(verify_index(path_).problems, ElementsAre(HasSubstr("thumbnail of row 1 is damaged"),
                                                        HasSubstr("thumbnail of row 7 is of no item")));
}

TEST_F(Thumbnails, of_tables_that_a_later_program_made_are_refused) {
  { auto writer = IndexWriter::create(path_, small_space(), "test"); }
  Database(path_ + "/metadata.sqlite", Database::Use::write).run("PRAGMA user_version = 3");
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }), AllOf(HasSubstr("version 3"), HasSubstr("1 to 2")));
}

}  // namespace
}  // namespace kindred::host
