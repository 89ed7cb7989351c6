#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "component.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/index.hpp"
#include "kindred/io/file.hpp"
#include "kindred/search/scored_rows.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using testing::thrown;

const std::vector<Distance> kDistances = {
    Distance::cosine, Distance::euclidean, Distance::squared_euclidean, Distance::manhattan, Distance::dot,
    Distance::snr,    {Distance::lp, 3}};

std::shared_ptr<Index> flat(const nlohmann::json& params = nlohmann::json::object()) {
  return testing::make<Index>("index", "kindred.flat", params);
}

std::shared_ptr<Index> int8(int64_t oversample = 4) {
  return flat({{"codes", "int8"}, {"oversample", oversample}});
}

std::shared_ptr<const TensorRows> rows_of(const at::Tensor& rows, Distance distance) {
  return std::make_shared<TensorRows>(comparable_rows(distance, rows));
}

void expect_same(const Neighbours& found, const Neighbours& expected, const std::string& where) {
  EXPECT_TRUE(at::equal(found.rows, expected.rows)) << where;
  EXPECT_TRUE(at::equal(found.distances, expected.distances)) << where;
}

TEST(Flat, finds_what_exact_search_finds_and_writes_nothing) {
  at::manual_seed(1);
  const testing::TemporaryFolder folder("flat_stored");
  const auto queries = at::randn({9, 12});
  const auto candidates = at::randint(3, {400}, at::kLong).gt(0);
  for (const auto distance : kDistances) {
    const auto rows = rows_of(at::randn({400, 12}), distance);
    const auto index = flat(), opened = flat();
    EXPECT_TRUE(index->is_exact());
    index->build(rows, distance);
    index->save(folder.path().string());
    EXPECT_TRUE(fs::is_empty(folder.path()));
    opened->load(folder.path().string(), rows, distance);
    for (const auto& request : {IndexSearch{5}, IndexSearch{500, candidates}}) {
      const auto expected = exact_search(*rows, distance, queries, request);
      expect_same(index->search(queries, request), expected, "built");
      expect_same(opened->search(queries, request), expected, "opened");
    }
    EXPECT_EQ(index->memory_bytes(), 0);
  }
}

TEST(Flat, codes_of_int8_find_the_nearest_rows_and_the_stored_rows_order_them) {
  at::manual_seed(2);
  const testing::TemporaryFolder folder("flat_int8");
  const auto queries = at::randn({50, 32});
  int part = 0;
  for (const auto distance : kDistances) {
    const auto rows = rows_of(at::randn({3000, 32}), distance);
    const auto index = int8(), opened = int8();
    EXPECT_FALSE(index->is_exact());
    index->build(rows, distance);
    EXPECT_EQ(index->memory_bytes(), 3000 * (32 + 4));
    const auto exact = exact_search(*rows, distance, queries, {10}), found = index->search(queries, {10});
    // Of 40 rows by codes that are off by a four-hundredth, the 10 nearest are among them.
    EXPECT_GT(found.rows.eq(exact.rows).to(at::kFloat).mean().item<float>(), 0.99) << distance.kind;
    const auto path = folder / std::to_string(part++);
    fs::create_directory(path);
    index->save(path);
    opened->load(path, rows, distance);
    expect_same(opened->search(queries, {10}), found, "opened");
  }
}

std::shared_ptr<Index> binary(int64_t oversample) {
  return flat({{"codes", "binary"}, {"oversample", oversample}});
}

std::shared_ptr<Index> binary_of(const std::shared_ptr<const TensorRows>& rows, Distance distance,
                                 int64_t oversample) {
  auto index = binary(oversample);
  index->build(rows, distance);
  return index;
}

TEST(Flat, codes_of_a_bit_choose_what_is_nearest_by_their_definition_and_the_stored_rows_order_it) {
  at::manual_seed(6);
  const testing::TemporaryFolder folder("flat_binary");
  const auto queries = at::randn({20, 21}) + 1;
  int part = 0;
  for (const auto distance : kDistances) {
    const auto rows = rows_of(at::randn({800, 21}) + 1, distance);
    const auto index = binary(5), opened = binary(5);
    EXPECT_FALSE(index->is_exact());
    index->build(rows, distance);
    EXPECT_EQ(index->memory_bytes(), 800 * 3 + 2 * 21 * 4);
    // x ~ m + s sign(x - m), where m is the mean of a column and s its mean deviation.
    const auto plain = rows->rows(0, 800), mean = plain.mean(0), away = plain - mean;
    const auto estimates = rows_of(mean + away.abs().mean(0) * away.sign(), distance);
    const auto chosen = nearest_rows(*estimates, distance, queries, {50});
    const auto found = index->search(queries, {10});
    expect_same(found, rescored(*rows, distance, queries, chosen, 10), "of the 50 nearest by their codes");
    const auto path = folder / std::to_string(part++);
    fs::create_directory(path);
    index->save(path);
    opened->load(path, rows, distance);
    expect_same(opened->search(queries, {10}), found, "opened");
    EXPECT_TRUE(at::equal(binary_of(rows, distance, 1000)->search(queries, {10}).rows,
                          exact_search(*rows, distance, queries, {10}).rows))
        << "all rows are compared again";
  }
}

TEST(Flat, codes_find_only_candidates_and_all_rows_when_so_many_are_asked_for) {
  at::manual_seed(3);
  const auto rows = rows_of(at::randn({60, 8}), Distance::euclidean);
  const auto queries = at::randn({4, 8});
  const auto index = int8();
  index->build(rows, Distance::euclidean);
  const auto candidates = at::arange(60, at::kLong).remainder(7).eq(0);
  expect_same(index->search(queries, {20, candidates}),
              exact_search(*rows, Distance::euclidean, queries, {20, candidates}), "filtered");
  expect_same(index->search(queries, {60}), exact_search(*rows, Distance::euclidean, queries, {60}), "all");
}

TEST(Flat, a_row_of_zeros_has_codes) {
  auto rows = at::eye(4);
  rows[2].zero_();
  const auto index = int8();
  index->build(rows_of(rows, Distance::euclidean), Distance::euclidean);
  EXPECT_EQ(index->search(at::zeros({1, 4}), {1}).rows.item<int64_t>(), 2);
}

/// A folder with the codes of 6 rows of 3 numbers, which tests damage.
class FlatFiles : public ::testing::Test {
 protected:
  FlatFiles() {
    const auto index = int8();
    index->build(rows_, Distance::dot);
    index->save(folder_.path().string());
  }
  std::string file(const std::string& name) const { return folder_ / name; }
  void expect_refused(const std::string& name, const std::shared_ptr<const StoredRows>& rows) const {
    const auto sentence = thrown([&] { int8()->load(folder_.path().string(), rows, Distance::dot); });
    EXPECT_NE(sentence.find(file(name)), std::string::npos) << sentence;
  }

  std::shared_ptr<const StoredRows> rows_ =
      std::make_shared<TensorRows>(at::arange(18, at::kFloat).reshape({6, 3}));

 private:
  testing::TemporaryFolder folder_{"flat_files"};
};

TEST_F(FlatFiles, that_are_missing_empty_or_cut_are_refused) {
  for (const auto* name : {"codes.npy", "scales.npy", "codes.json"}) {
    const auto bytes = read_file(file(name));
    fs::resize_file(file(name), bytes.size() - 5);
    expect_refused(name, rows_);
    fs::resize_file(file(name), 0);
    expect_refused(name, rows_);
    fs::remove(file(name));
    expect_refused(name, rows_);
    write_file_atomically(file(name), bytes);
  }
}

TEST_F(FlatFiles, with_any_flipped_byte_of_numbers_are_refused) {
  const auto bytes = read_file(file("codes.npy"));
  for (size_t i = bytes.size() - 18; i < bytes.size(); ++i) {
    auto flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 4);
    write_file_atomically(file("codes.npy"), flipped);
    expect_refused("codes.npy", rows_);
  }
}

TEST_F(FlatFiles, of_other_rows_or_another_version_are_refused) {
  expect_refused("codes.json", std::make_shared<TensorRows>(at::ones({7, 3})));
  expect_refused("codes.json", std::make_shared<TensorRows>(at::ones({6, 4})));
  write_file_atomically(file("codes.json"), R"({"version": 2})");
  expect_refused("codes.json", rows_);
  write_file_atomically(file("codes.json"), "[]");
  expect_refused("codes.json", rows_);
}

TEST(Flat, files_of_other_codes_or_a_damaged_mean_are_refused) {
  const testing::TemporaryFolder folder("flat_binary_files");
  const auto rows = rows_of(at::arange(33, at::kFloat).reshape({3, 11}), Distance::dot);
  binary_of(rows, Distance::dot, 10)->save(folder.path().string());
  EXPECT_NE(thrown([&] { int8()->load(folder.path().string(), rows, Distance::dot); }).find("another kind"),
            std::string::npos);
  for (const auto* name : {"mean.npy", "deviation.npy", "codes.npy"}) {
    const auto bytes = read_file(folder / name);
    auto flipped = bytes;
    flipped.back() = static_cast<char>(flipped.back() ^ 1);
    write_file_atomically(folder / name, flipped);
    EXPECT_NE(thrown([&] {
                binary(10)->load(folder.path().string(), rows, Distance::dot);
              }).find("build the index"),
              std::string::npos)
        << name;
    fs::remove(folder / name);
    EXPECT_NE(thrown([&] { binary(10)->load(folder.path().string(), rows, Distance::dot); }).find(name),
              std::string::npos);
    write_file_atomically(folder / name, bytes);
  }
  binary(10)->load(folder.path().string(), rows, Distance::dot);
}

TEST(Flat, on_a_gpu_finds_what_it_finds_on_the_cpu) {
  if (!at::hasCUDA()) {
    EXPECT_NE(thrown([] { flat({{"device", "cuda"}}); }).find("found no GPU"), std::string::npos);
    GTEST_SKIP() << "no GPU";
  }
  at::manual_seed(5);
  const auto rows = rows_of(at::randint(-3, 4, {500, 6}, at::kFloat), Distance::euclidean);
  const auto queries = at::randint(-3, 4, {40, 6}, at::kFloat);
  const auto expected = exact_search(*rows, Distance::euclidean, queries, {12});
  for (const auto* codes : {"stored", "int8", "binary"}) {
    const auto index = flat({{"device", "cuda"}, {"codes", codes}, {"oversample", 50}});
    index->build(rows, Distance::euclidean);
    expect_same(index->search(queries, {12}), expected, codes);
    EXPECT_GT(index->memory_bytes(), 0);
  }
}

}  // namespace
}  // namespace kindred
