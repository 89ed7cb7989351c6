#include "host/index/index_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "host/base/context.hpp"
#include "host/index/merge_indexes.hpp"
#include "host/index/verify_index.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using testing::add_items;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::made_item;
using testing::made_row;
using testing::small_space;
using testing::thrown;

class IndexFolderTest : public ::testing::Test {
 protected:
  IndexWriter made(const IndexSpace& space = small_space()) const {
    return IndexWriter::create(path_, space, "test");
  }
  IndexWriter again() const { return {path_, "test"}; }
  std::vector<std::string> live_ids() const {
    std::vector<std::string> ids;
    const auto folder = IndexFolder::open(path_);
    for (const auto& one : folder->live_items(0, folder->size())) ids.push_back(one.item.id);
    return ids;
  }
  void damage(const std::string& file, int64_t place) const {
    std::fstream bytes(path_ + "/" + file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(place, place < 0 ? std::ios::end : std::ios::beg);
    bytes.put('\x55');
  }

  testing::TemporaryFolder folder_{"index_folder"};
  const std::string path_ = folder_ / "index";
};

TEST_F(IndexFolderTest, gives_back_what_was_added) {
  {
    auto writer = made();
    auto item = made_item("a", 3);
    item.file = {812, 1'700'000'000'123'456'789, "00ff"};
    item.columns = {{"make", "BMW"}, {"year", 2012}, {"price", 1.5}, {"sold", true}, {"note", nullptr}};
    writer.add({item}, made_row("a", 3), Existing::refuse);
    add_items(writer, {"b", "c"});
  }
  const auto folder = IndexFolder::open(path_);
  EXPECT_EQ(folder->size(), 3);
  EXPECT_FALSE(folder->live().defined()) << "all are";
  const auto found = folder->find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->row, 0);
  EXPECT_EQ(found->item.path, "photos/a.jpg");
  EXPECT_EQ(found->item.label, 3);
  EXPECT_EQ(found->item.class_name, "class 3");
  EXPECT_EQ(found->item.file.bytes, 812);
  EXPECT_EQ(found->item.file.time, 1'700'000'000'123'456'789);
  EXPECT_EQ(found->item.file.hash, "00ff");
  EXPECT_EQ(found->item.columns,
            nlohmann::json({{"make", "BMW"}, {"year", 2012}, {"price", 1.5}, {"sold", 1}}));
  EXPECT_FALSE(folder->find("z"));
  EXPECT_EQ(folder->items({2, 0}).at(0).item.id, "c");
  const auto rows = folder->rows()->gather(at::tensor({0, 2}, at::kLong));
  EXPECT_TRUE(at::allclose(rows.norm(2, {1}), at::ones({2}), 0, 1e-3)) << "of length 1, for the cosine";
  EXPECT_TRUE(at::allclose(rows[1], made_row("c", 0)[0] / made_row("c", 0).norm(), 0, 1e-3));
  EXPECT_THAT(verify_index(path_).problems, IsEmpty());
}

TEST_F(IndexFolderTest, keeps_lengths_and_precision_where_they_count) {
  auto writer = made(small_space(Distance::euclidean, at::kFloat));
  add_items(writer, {"a", "b"});
  EXPECT_TRUE(at::equal(writer.rows()->rows(1, 2), made_row("b", 0)));
  EXPECT_EQ(IndexFolder::open(path_)->rows()->dtype(), at::kFloat);
}

TEST_F(IndexFolderTest, refuses_rows_that_cannot_be_stored) {
  auto writer = made(small_space(Distance::euclidean));
  const auto add = [&](const at::Tensor& row) {
    return thrown([&] { writer.add({made_item("a")}, row, Existing::refuse); });
  };
  EXPECT_THAT(add(at::full({1, 6}, 1e6)), AllOf(HasSubstr("row 0 of 1"), HasSubstr("float32 rows")));
  EXPECT_THAT(add(at::full({1, 6}, std::nan(""))), HasSubstr("is nan"));
  EXPECT_THAT(add(at::ones({1, 5})), AllOf(HasSubstr("5 numbers"), HasSubstr("have 6")));
  EXPECT_EQ(writer.state().rows, 0);
  EXPECT_EQ(writer.state().commits, 0);
}

TEST_F(IndexFolderTest, removes_and_replaces_by_id) {
  auto writer = made();
  add_items(writer, {"a", "b", "c"});
  EXPECT_THAT(thrown([&] { add_items(writer, {"d", "b"}); }), AllOf(HasSubstr("b"), HasSubstr("already")));
  EXPECT_THAT(thrown([&] { add_items(writer, {"e", "e"}); }), HasSubstr("given twice: e"));
  EXPECT_THAT(live_ids(), ElementsAre("a", "b", "c")) << "nothing of a refused call is there";
  const auto before = IndexFolder::open(path_);
  writer.remove({"a"});
  EXPECT_THAT(thrown([&] {
                writer.remove({"c", "a"});
              }),
              AllOf(HasSubstr("1 of 2 ids is not"), HasSubstr("a")));
  add_items(writer, {"b"}, 7, Existing::replace);
  EXPECT_THAT(live_ids(), ElementsAre("c", "b"));
  EXPECT_EQ(IndexFolder::open(path_)->find("b")->row, 3);
  EXPECT_EQ(IndexFolder::open(path_)->find("b")->item.label, 7);
  add_items(writer, {"a"}, 1);
  EXPECT_THAT(live_ids(), ElementsAre("c", "b", "a")) << "an id is free again once its item is removed";

  EXPECT_FALSE(before->is_current());
  EXPECT_EQ(before->size(), 3);
  EXPECT_TRUE(at::equal(before->live(), at::tensor({0, 0, 1}).to(at::kBool)))
      << "who opened it before sees what is removed, and not what is added";
  EXPECT_FALSE(before->find("a"));
}

TEST_F(IndexFolderTest, compacts_to_what_is_left) {
  auto writer = made();
  add_items(writer, {"a", "b", "c"});
  add_items(writer, {"d"});
  writer.build_component(testing::file_component(), testing::make_file_index);
  EXPECT_EQ(writer.state().component.covered, 4);
  const auto before = IndexFolder::open(path_);
  writer.remove({"a", "c"});
  EXPECT_EQ(writer.compact(writer.state().component, testing::make_file_index), 2);
  const auto after = IndexFolder::open(path_);
  EXPECT_THAT(live_ids(), ElementsAre("b", "d"));
  EXPECT_EQ(after->find("d")->row, 1);
  EXPECT_FALSE(after->live().defined());
  EXPECT_EQ(after->component().covered, 2);
  EXPECT_EQ(after->component().params, nlohmann::json({{"bits", 8}}));
  EXPECT_TRUE(at::allclose(after->rows()->gather(at::tensor({1}, at::kLong)),
                           made_row("d", 0) / made_row("d", 0).norm(), 0, 1e-3));
  EXPECT_THAT(verify_index(path_).problems, IsEmpty());
  EXPECT_THAT(thrown([&] { before->items({0}); }), HasSubstr("was compacted since"));
  EXPECT_EQ(before->rows()->rows(0, 4).size(0), 4) << "its rows stay readable";
}

TEST_F(IndexFolderTest, joins_small_files) {
  auto writer = made();
  for (int i = 0; i < 100; ++i) add_items(writer, {std::to_string(i)});
  EXPECT_LE(writer.state().segments.size(), 8u);
  for (int i = 0; i < 100; ++i) {
    const auto expected = stored_form(writer.space(), made_row(std::to_string(i), 0));
    EXPECT_TRUE(at::equal(writer.rows()->rows(i, i + 1), expected)) << i;
  }
  EXPECT_TRUE(at::equal(writer.rows()->rows(3, 98).to(at::kFloat),
                        writer.rows()->gather(at::arange(3, 98, at::kLong))));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    files += entry.path().extension() == ".npy" ? 1 : 0;
  EXPECT_EQ(files, writer.state().segments.size()) << "those that were joined are gone";
}

TEST_F(IndexFolderTest, has_one_writer_and_says_who) {
  const auto writer = made();
  EXPECT_THAT(thrown([&] { again(); }), AllOf(HasSubstr("process " + std::to_string(::getpid())),
                                              HasSubstr("`test`"), HasSubstr("one writer")));
}

TEST_F(IndexFolderTest, is_made_in_a_folder_of_its_own) {
  { auto writer = made(); }
  EXPECT_THAT(thrown([&] { made(); }), HasSubstr("is an index already"));
  std::filesystem::create_directories(folder_ / "other");
  write_file_atomically(folder_ / "other/notes.txt", "mine");
  EXPECT_THAT(thrown([&] { IndexWriter::create(folder_ / "other", small_space(), "test"); }),
              HasSubstr("holds notes.txt"));
  EXPECT_THAT(thrown([&] { IndexFolder::open(folder_ / "nowhere"); }), HasSubstr("no such folder"));
  std::filesystem::remove(path_ + "/manifest.json");
  { auto writer = made(); }  // as a writer leaves it that was killed while it made one
  EXPECT_EQ(IndexFolder::open(path_)->size(), 0);
}

TEST_F(IndexFolderTest, says_which_file_is_damaged) {
  {
    auto writer = made();
    add_items(writer, {"a", "b"});
    writer.build_component(testing::file_component(), testing::make_file_index);
  }
  const auto rows = IndexFolder::open(path_)->info().at("bytes").at("rows");
  EXPECT_GT(rows.get<int64_t>(), 24);
  damage("rows-0.npy", -3);
  EXPECT_THAT(verify_index(path_).problems, ElementsAre(HasSubstr("rows-0.npy is damaged")));
  damage("index-1/codes.bin", 0);
  EXPECT_THAT(verify_index(path_).problems, ElementsAre(HasSubstr("rows-0.npy"), HasSubstr("codes.bin")));
  std::filesystem::remove(path_ + "/index-1/codes.bin");
  EXPECT_THAT(verify_index(path_).problems, ElementsAre(HasSubstr("rows-0.npy"), HasSubstr("codes.bin")));
  std::filesystem::resize_file(path_ + "/rows-0.npy", 100);
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }), HasSubstr("rows-0.npy"));
  write_file_atomically(path_ + "/metadata.sqlite", std::string(9000, 'x'));
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }),
              AllOf(HasSubstr("metadata.sqlite"), HasSubstr("damaged")));
  EXPECT_THAT(verify_index(path_).problems, ElementsAre(HasSubstr("metadata.sqlite")));
  write_file_atomically(path_ + "/manifest.json", R"({"format": "kindred index", "version": 3})");
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }), HasSubstr("version 3"));
}

TEST_F(IndexFolderTest, of_a_stranger_reads_no_file_outside_its_folder) {
  for (const auto* change :
       {"UPDATE segments SET file = '../rows.npy'", "UPDATE segments SET file = '/rows.npy'",
        "UPDATE facts SET value = replace(value, 'index-1', '..') WHERE name = 'component'",
        "UPDATE facts SET value = replace(value, 'codes', 'a/../../codes') WHERE name = "
        "'component'"}) {
    std::filesystem::remove_all(path_);
    {
      auto writer = made();
      add_items(writer, {"a"});
      writer.build_component(testing::file_component(), testing::make_file_index);
    }
    Database(path_ + "/metadata.sqlite", Database::Use::write).run(change);
    EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }), HasSubstr("refused")) << change;
    EXPECT_THAT(verify_index(path_).problems, ElementsAre(HasSubstr("refused"))) << change;
  }
}

TEST_F(IndexFolderTest, compares_models) {
  const auto writer = made();
  check_model(path_, writer.space(), "toy", "abc123");
  EXPECT_THAT(thrown([&] { check_model(path_, writer.space(), "other", "fff"); }),
              AllOf(HasSubstr("\"toy\" (fingerprint abc123)"), HasSubstr("\"other\" (fingerprint fff)")));
}

TEST_F(IndexFolderTest, merges_two) {
  auto target = made();
  Context context;
  for (const auto* name : {"one", "two"}) {
    auto source = IndexWriter::create(folder_ / name, small_space(), "test");
    add_items(source, {std::string(name) + "_a", std::string(name) + "_b", std::string(name) + "_c"});
    source.remove({std::string(name) + "_b"});
    copy_items(folder_ / name, target, context);
  }
  EXPECT_THAT(live_ids(), ElementsAre("one_a", "one_c", "two_a", "two_c"));
  EXPECT_TRUE(at::equal(target.rows()->rows(3, 4), stored_form(target.space(), made_row("two_c", 0))));
  EXPECT_THAT(thrown([&] { copy_items(folder_ / "two", target, context); }), HasSubstr("two_a, two_c"));
  auto other = IndexWriter::create(folder_ / "other", small_space(Distance::euclidean), "test");
  EXPECT_THAT(thrown([&] { copy_items(folder_ / "one", other, context); }),
              AllOf(HasSubstr("the distance cosine"), HasSubstr("euclidean")));
}

TEST_F(IndexFolderTest, is_read_by_threads_while_one_writes) {
  auto writer = made();
  add_items(writer, {"first"});
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto folder = IndexFolder::open(path_);
        EXPECT_EQ(folder->rows()->rows(0, folder->size()).size(0), folder->size());
        EXPECT_TRUE(folder->find("first"));
        const auto live = folder->live();
        EXPECT_TRUE(!live.defined() || live.size(0) == folder->size());
      }
    });
  }
  for (int i = 0; i < 60; ++i) {
    add_items(writer, {std::to_string(i), std::to_string(i) + "b"});
    if (i % 3 == 0) writer.remove({std::to_string(i)});
  }
  done = true;
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace kindred::host
