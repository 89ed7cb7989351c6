#include "host/search/index_files.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using testing::thrown;

/// A folder with an index of 6 rows of 3 numbers, which tests damage.
class IndexFiles : public ::testing::Test {
 protected:
  IndexFiles() { write_index_files(path(), {Distance::dot, at::arange(18, at::kFloat).reshape({6, 3})}); }

  std::string path() const { return folder_ / "index"; }
  std::string manifest() const { return folder_ / "index/index.json"; }
  std::string rows_file() const {
    for (const auto& entry : fs::directory_iterator(path())) {
      if (entry.path().extension() == ".npy") return entry.path().string();
    }
    return {};
  }
  void replace_in(const std::string& file, const std::string& old, const std::string& with) const {
    auto text = read_file(file);
    const auto at = text.find(old);
    ASSERT_NE(at, std::string::npos) << text;
    write_file_atomically(file, text.replace(at, old.size(), with));
  }
  void expect_refused(const std::string& why) const {
    const auto sentence = thrown([&] { (void)read_index_files(path()); });
    EXPECT_NE(sentence.find(why), std::string::npos) << sentence;
    EXPECT_NE(sentence.find(path()), std::string::npos) << sentence;
  }

 private:
  testing::TemporaryFolder folder_{"index_files"};
};

TEST_F(IndexFiles, come_back_and_a_later_index_takes_their_place) {
  const auto stored = read_index_files(path());
  EXPECT_EQ(stored.distance.kind, Distance::dot);
  EXPECT_TRUE(at::equal(stored.rows, at::arange(18, at::kFloat).reshape({6, 3})));
  write_index_files(path(), {{Distance::lp, 3}, at::ones({2, 4})});
  const auto later = read_index_files(path());
  EXPECT_EQ(later.distance.kind, Distance::lp);
  EXPECT_EQ(later.distance.p, 3);
  EXPECT_TRUE(at::equal(later.rows, at::ones({2, 4})));
  EXPECT_EQ(std::distance(fs::directory_iterator(path()), {}), 2) << "the old rows are gone";
  EXPECT_EQ(stored.rows[5][2].item<float>(), 17) << "who reads the old rows keeps them";
  write_index_files(path(), {Distance::cosine, at::empty({0, 0})});
  EXPECT_EQ(read_index_files(path()).rows.size(0), 0);
}

TEST_F(IndexFiles, that_are_missing_or_foreign_are_refused) {
  fs::remove(rows_file());
  expect_refused("cannot open");
  write_file_atomically(manifest(), "{\"format\": \"something\"}");
  expect_refused("its format is \"something\"");
  write_file_atomically(manifest(), "[1, 2");
  expect_refused("is damaged or does not describe an index");
  write_file_atomically(manifest(), "{}");
  expect_refused("is damaged or does not describe an index");
  fs::remove(manifest());
  expect_refused("is no index: it has no index.json");
}

TEST_F(IndexFiles, of_another_version_are_refused) {
  replace_in(manifest(), "\"version\": 1", "\"version\": 2");
  expect_refused("has version 2");
}

TEST_F(IndexFiles, with_an_unknown_distance_are_refused) {
  replace_in(manifest(), "\"dot\"", "\"far\"");
  expect_refused("there is no distance \"far\"");
}

TEST_F(IndexFiles, with_other_rows_than_promised_are_refused) {
  replace_in(manifest(), "\"rows\": 6", "\"rows\": 7");
  expect_refused("is damaged: it does not hold the 7 rows of 3 numbers");
}

TEST_F(IndexFiles, with_a_flipped_bit_are_refused) {
  auto bytes = read_file(rows_file());
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  write_file_atomically(rows_file(), bytes);
  expect_refused("is damaged");
}

TEST_F(IndexFiles, that_end_early_are_refused) {
  fs::resize_file(rows_file(), fs::file_size(rows_file()) - 4);
  expect_refused("is truncated");
}

TEST_F(IndexFiles, are_not_written_among_files_of_another_kind) {
  fs::remove(manifest());
  EXPECT_NE(thrown([&] {
              write_index_files(path(), {Distance::dot, at::ones({1, 1})});
            }).find("has files and no index.json"),
            std::string::npos);
  EXPECT_NE(thrown([&] {
              write_index_files(rows_file(), {Distance::dot, at::ones({1, 1})});
            }).find("cannot make the folder"),
            std::string::npos);
}

}  // namespace
}  // namespace kindred::host
