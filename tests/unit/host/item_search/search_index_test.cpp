#include "kindred/search/search_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/index/model_note.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back("item " + std::to_string(i));
  return ids;
}

/// Forty items of two classes, of which the first is removed, as float32.
std::string small_index(const TemporaryFolder& folder) {
  const auto path = folder / "small.index";
  auto writer =
      host::IndexWriter::create(path, small_space(Distance::cosine, at::kFloat), "search_index_test");
  auto first = names(40);
  const std::vector<std::string> second(first.begin() + 20, first.end());
  first.resize(20);
  add_items(writer, first, 0);
  add_items(writer, second, 1);
  writer.remove({"item 0"});
  writer.finish();
  return path;
}

std::vector<float> numbers_of(const std::string& id, int version) {
  const auto row = made_row(id, version);
  return {row.data_ptr<float>(), row.data_ptr<float>() + row.numel()};
}

double cosine_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += double(a[i]) * b[i];
    aa += double(a[i]) * a[i];
    bb += double(b[i]) * b[i];
  }
  return 1 - dot / std::sqrt(aa * bb);
}

/// All items that are there with their distances from `query`, in float64, the nearest first.
std::vector<std::pair<double, std::string>> expected_of(const std::vector<float>& query) {
  std::vector<std::pair<double, std::string>> expected;
  const auto all = names(40);
  for (size_t i = 1; i < all.size(); ++i)
    expected.emplace_back(cosine_distance(query, numbers_of(all[i], i < 20 ? 0 : 1)), all[i]);
  std::sort(expected.begin(), expected.end());
  return expected;
}

TEST(SearchIndex, finds_what_comparing_each_row_in_float64_finds) {
  const TemporaryFolder folder("search_index");
  const auto index = SearchIndex::open(small_index(folder));
  auto queries = numbers_of("a query", 3);
  const auto second = numbers_of("another one", 5);
  queries.insert(queries.end(), second.begin(), second.end());
  const auto found = index.search(queries);
  ASSERT_EQ(found.size(), 2U);
  for (size_t q = 0; q < 2; ++q) {
    const auto expected = expected_of(
        {queries.begin() + static_cast<int64_t>(6 * q), queries.begin() + static_cast<int64_t>(6 * q + 6)});
    ASSERT_EQ(found[q].size(), 10U);
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(found[q][i].id, expected[i].second) << q << " " << i;
      EXPECT_NEAR(found[q][i].distance, expected[i].first, 1e-6);
      EXPECT_EQ(found[q][i].path, "photos/" + found[q][i].id + ".jpg");
    }
  }
}

TEST(SearchIndex, finds_neighbours_of_an_item_without_the_item_and_without_what_was_removed) {
  const TemporaryFolder folder("search_index");
  const auto index = SearchIndex::open(small_index(folder));
  IndexWish wish;
  wish.k = 100;
  const auto found = index.like("item 7", wish);
  auto expected = expected_of(numbers_of("item 7", 0));
  ASSERT_EQ(expected.front().second, "item 7");
  expected.erase(expected.begin());
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].id, expected[i].second);
}

TEST(SearchIndex, keeps_to_conditions_and_groups) {
  const TemporaryFolder folder("search_index");
  const auto index = SearchIndex::open(small_index(folder));
  const auto query = numbers_of("a query", 3);
  IndexWish wish;
  wish.where = "version = 1";
  const auto found = index.search(query, wish).front();
  ASSERT_EQ(found.size(), 10U);
  for (const auto& one : found) {
    EXPECT_EQ(one.label, 1);
    EXPECT_EQ(one.class_name, "class 1");
    EXPECT_EQ(nlohmann::json::parse(one.columns)["version"], 1);
  }
  wish = {};
  wish.group_by = "class_name";
  std::vector<std::string> classes;
  const auto grouped = index.search(query, wish).front();
  for (const auto& one : grouped) classes.push_back(one.class_name);
  std::sort(classes.begin(), classes.end());
  EXPECT_THAT(classes, ElementsAre("class 0", "class 1"));
}

TEST(SearchIndex, says_what_it_is) {
  const TemporaryFolder folder("search_index");
  const auto path = small_index(folder);
  {
    host::IndexWriter writer(path, "search_index_test");
    writer.set_note(host::kModelNote, folder / "model");
  }
  EXPECT_EQ(SearchIndex::open(path).card().model_folder, "") << "the model is not there";
  std::filesystem::create_directory(folder / "model");
  const auto index = SearchIndex::open(path);
  const auto& card = index.card();
  EXPECT_EQ(card.items, 39);
  EXPECT_EQ(card.dimension, 6);
  EXPECT_EQ(card.distance, "cosine");
  EXPECT_EQ(card.model_name, "toy");
  EXPECT_EQ(card.model_fingerprint, "abc123");
  EXPECT_EQ(card.model_folder, folder / "model");
  EXPECT_FALSE(card.and_mirror);
  EXPECT_THAT(card.columns, ::testing::Contains("version"));
  EXPECT_TRUE(index.is_current());
  host::IndexWriter writer(path, "search_index_test");
  add_items(writer, {"later"}, 2);
  EXPECT_FALSE(index.is_current());
}

TEST(SearchIndex, says_what_is_wrong) {
  const TemporaryFolder folder("search_index");
  EXPECT_THAT(thrown([&] { SearchIndex::open(folder / "absent"); }), HasSubstr("absent"));
  const auto path = small_index(folder);
  const auto index = SearchIndex::open(path);
  const auto query = numbers_of("a query", 3);
  const auto wished = [&](const IndexWish& wish) { return thrown([&] { index.search(query, wish); }); };
  IndexWish wish;
  wish.k = 0;
  EXPECT_THAT(wished(wish), HasSubstr("k is 0; it must be at least 1"));
  wish = {};
  wish.where = "colour = 'red'";
  EXPECT_THAT(wished(wish), HasSubstr("colour"));
  wish = {};
  wish.group_by = "colour";
  EXPECT_THAT(wished(wish), HasSubstr("no column \"colour\""));
  wish = {};
  wish.rerank = {"by_taste"};
  EXPECT_THAT(wished(wish), HasSubstr("k_reciprocal"));
  EXPECT_THAT(thrown([&] { index.search({1, 2, 3}); }), HasSubstr("3 numbers are no embeddings of 6"));
  EXPECT_THAT(thrown([&] { index.like("nobody"); }), HasSubstr("no item \"nobody\""));
  EXPECT_TRUE(index.search({}).empty());
  host::IndexWriter writer(path, "search_index_test");
  writer.build_component(file_component(), make_file_index);
  EXPECT_THAT(thrown([&] { SearchIndex::open(path); }), HasSubstr("test.file 1, which no plugin here has"));
}

}  // namespace
}  // namespace kindred::testing
