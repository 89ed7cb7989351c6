#include "host/index/shard_note.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/index/build_note.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_space;
using testing::thrown;

class ShardNoteTest : public ::testing::Test {
 protected:
  std::shared_ptr<IndexFolder> index(const std::string& name, const ShardNote& note, bool is_built = true) {
    auto writer = IndexWriter::create(folder_ / name, small_space(), "test");
    writer.set_note(kShardNote, to_json(note));
    if (!is_built) writer.set_note(kBuildNote, true);
    return IndexFolder::open(folder_ / name);
  }
  std::shared_ptr<IndexFolder> plain(const std::string& name) {
    IndexWriter::create(folder_ / name, small_space(), "test");
    return IndexFolder::open(folder_ / name);
  }
  static void check(const std::vector<std::shared_ptr<IndexFolder>>& indexes) {
    check_nothing_is_missing(indexes, "do something else");
  }

  testing::TemporaryFolder folder_{"shard_notes"};
};

TEST_F(ShardNoteTest, names_the_shards_that_are_missing) {
  const auto first = index("cars-00001-of-00004", {0, 4, "w", ""});
  const auto third = index("cars-00003-of-00004", {2, 4, "w", ""});
  EXPECT_THAT(thrown([&] {
                check({third, first, plain("other")});
              }),
              AllOf(HasSubstr("2 of them are not given"), HasSubstr(folder_ / "cars-00002-of-00004, "),
                    HasSubstr("cars-00004-of-00004; give them, too, or do something else")));
  const auto second = index("renamed", {1, 4, "w", ""}), fourth = index("d", {3, 4, "w", ""});
  EXPECT_THAT(thrown([&] { check({second}); }), HasSubstr("not given: 1/4, 3/4, 4/4;"));
  EXPECT_NO_THROW(check({third, first, second, fourth}));
}

TEST_F(ShardNoteTest, refuses_shards_that_do_not_meet) {
  const auto first = index("c-00001-of-00002", {0, 2, "w", "", 0, 5});
  const auto second = index("c-00002-of-00002", {1, 2, "w", "", 5, 9});
  EXPECT_NO_THROW(check({first, second}));
  const auto other = index("c-00002-of-00002b", {1, 2, "w", "", 4, 9});
  EXPECT_THAT(thrown([&] {
                check({first, other});
              }),
              HasSubstr("c-00002-of-00002 do not meet, since files changed"));
}

TEST_F(ShardNoteTest, takes_no_shard_of_another_build_for_one_that_is_missing) {
  const auto first = index("a-00001-of-00002", {0, 2, "some", ""});
  const auto second = index("b-00002-of-00002", {1, 2, "others", ""});
  EXPECT_THAT(thrown([&] { check({first, second}); }), HasSubstr("1 of them is not given"));
}

TEST_F(ShardNoteTest, refuses_a_build_that_did_not_end) {
  const auto first = index("a", {0, 1, "w", ""}, false);
  EXPECT_THAT(thrown([&] {
                check({plain("b"), first});
              }),
              HasSubstr("a did not end; give its host index build command again, or do something else"));
}

TEST_F(ShardNoteTest, puts_shards_into_their_order) {
  const auto first = index("1", {0, 2, "w", ""}), second = index("2", {1, 2, "w", ""});
  const auto a = plain("a"), b = plain("b");
  EXPECT_THAT(in_order_of_shards({b, second, a, first}), ElementsAre(first, second, b, a));
}

}  // namespace
}  // namespace kindred::host
