#include "host/search/exact_index.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using testing::thrown;

const std::vector<Distance> kDistances = {
    Distance::cosine, Distance::euclidean, Distance::squared_euclidean, Distance::manhattan, Distance::dot,
    Distance::snr,    {Distance::lp, 3}};

at::Tensor numbers(const std::vector<int64_t>& list) { return at::tensor(list, at::kLong); }

ExactIndex index_of(const at::Tensor& rows, Distance distance) {
  ExactIndex index(distance);
  index.add(rows);
  return index;
}

/// What must be found, from distances in float64 and a stable sort.
Neighbours brute_force(const at::Tensor& rows, const at::Tensor& queries, Distance distance, int64_t k,
                       const at::Tensor& excluded, const at::Tensor& candidates) {
  const auto d = distance_matrix(distance, queries.to(at::kDouble), rows.to(at::kDouble)).contiguous();
  Neighbours out{at::full({queries.size(0), k}, -1, at::kLong),
                 at::full({queries.size(0), k}, std::numeric_limits<float>::infinity())};
  for (int64_t q = 0; q < queries.size(0); ++q) {
    const auto* row = d.data_ptr<double>() + q * rows.size(0);
    std::vector<int64_t> order;
    for (int64_t i = 0; i < rows.size(0); ++i) {
      if (excluded.defined() && excluded.data_ptr<int64_t>()[q] == i) continue;
      if (!candidates.defined() || candidates.data_ptr<bool>()[i]) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return row[a] < row[b]; });
    for (int64_t n = 0; n < std::min(k, static_cast<int64_t>(order.size())); ++n) {
      const auto found = order[static_cast<size_t>(n)];
      out.rows.data_ptr<int64_t>()[q * k + n] = found;
      out.distances.data_ptr<float>()[q * k + n] = static_cast<float>(row[found]);
    }
  }
  return out;
}

void expect_same(const Neighbours& found, const Neighbours& expected, const std::string& where) {
  EXPECT_TRUE(at::equal(found.rows, expected.rows)) << where << "\n" << found.rows << "\n" << expected.rows;
  EXPECT_TRUE(at::allclose(found.distances, expected.distances, 1e-5, 2e-6)) << where;
}

TEST(ExactIndex, equals_brute_force_for_every_distance_tile_and_depth) {
  at::manual_seed(3);
  const auto rows = at::randn({57, 6}), queries = at::randn({21, 6});
  const auto excluded = at::randint(-1, 57, {21}, at::kLong);
  const auto candidates = at::randint(4, {57}, at::kLong).gt(0);
  for (const auto distance : kDistances) {
    const auto index = index_of(rows, distance);
    for (const int64_t k : {1, 9, 80}) {
      for (const int64_t tile_bytes : {4 * 25, 57 * 4 * 10, 1 << 20}) {
        const auto where = std::to_string(distance.kind) + ", k " + std::to_string(k) + ", tile of " +
                           std::to_string(tile_bytes);
        expect_same(index.search(queries, {k, tile_bytes}), brute_force(rows, queries, distance, k, {}, {}),
                    where);
        expect_same(index.search(queries, {k, tile_bytes, excluded, candidates}),
                    brute_force(rows, queries, distance, k, excluded, candidates), where + ", filtered");
      }
    }
  }
}

TEST(ExactIndex, a_tile_may_be_a_single_score) {
  at::manual_seed(2);
  const auto rows = at::randn({17, 6}), queries = at::randn({3, 6});
  for (const auto distance : kDistances) {
    expect_same(index_of(rows, distance).search(queries, {4, 1}),
                brute_force(rows, queries, distance, 4, {}, {}), std::to_string(distance.kind));
  }
}

TEST(ExactIndex, queries_that_are_rows_find_themselves_at_distance_zero_unless_excluded) {
  at::manual_seed(4);
  const auto rows = at::randn({30, 5});
  for (const Distance distance : {Distance::euclidean, Distance::manhattan, Distance::snr}) {
    const auto index = index_of(rows, distance);
    const auto with = index.search(rows, {1});
    EXPECT_TRUE(at::equal(with.rows.squeeze(1), at::arange(30, at::kLong)));
    EXPECT_EQ(with.distances.max().item<float>(), 0);
    const auto without = index.search(rows, {1, 1 << 20, at::arange(30, at::kLong)});
    EXPECT_TRUE(without.rows.squeeze(1).ne(at::arange(30, at::kLong)).all().item<bool>());
  }
}

TEST(ExactIndex, equal_distances_go_by_row_number) {
  // Whole numbers, of which products and sums are exact: every tile sees the same ties.
  at::manual_seed(5);
  const auto rows = at::randint(-1, 2, {90, 3}, at::kFloat),
             queries = at::randint(-1, 2, {20, 3}, at::kFloat);
  for (const Distance distance :
       {Distance::euclidean, Distance::squared_euclidean, Distance::manhattan, Distance::dot}) {
    const auto index = index_of(rows, distance);
    for (const int64_t tile_bytes : {1, 4 * 40, 1 << 20}) {
      for (const int64_t k : {1, 4, 33}) {
        expect_same(index.search(queries, {k, tile_bytes}), brute_force(rows, queries, distance, k, {}, {}),
                    std::to_string(distance.kind) + ", k " + std::to_string(k));
      }
    }
  }
  const auto same = index_of(at::ones({6, 2}), Distance::cosine);
  EXPECT_TRUE(at::equal(same.search(at::ones({1, 2}), {100, 1 << 20, numbers({2})}).rows.slice(1, 0, 6),
                        numbers({0, 1, 3, 4, 5, -1}).reshape({1, 6})));
}

TEST(ExactIndex, rows_may_come_in_parts_of_any_type_and_are_copied) {
  at::manual_seed(6);
  const auto rows = at::randn({40, 4}), queries = at::randn({7, 4});
  for (const Distance distance : {Distance::cosine, Distance::euclidean, Distance::dot}) {
    const auto expected = index_of(rows, distance).search(queries, {5});
    ExactIndex index(distance);
    auto first = rows.slice(0, 0, 13).clone();
    index.add(first);
    first.zero_();
    index.add(rows.slice(0, 13, 13));  // none
    index.add(rows.slice(0, 13, 14));
    index.add(rows.slice(0, 14, 40).to(at::kDouble));
    EXPECT_EQ(index.size(), 40);
    EXPECT_EQ(index.dimension(), 4);
    const auto found = index.search(queries.to(at::kDouble), {5});
    EXPECT_TRUE(at::equal(found.rows, expected.rows));
    EXPECT_TRUE(at::equal(found.distances, expected.distances));
  }
}

TEST(ExactIndex, without_rows_nothing_is_found) {
  const ExactIndex index(Distance::cosine);
  const auto found = index.search(at::ones({2, 3}), {4});
  EXPECT_TRUE(at::equal(found.rows, at::full({2, 4}, -1, at::kLong)));
  EXPECT_TRUE(found.distances.isinf().all().item<bool>());
  EXPECT_EQ(index_of(at::ones({2, 3}), Distance::cosine).search(at::empty({0, 3}), {4}).rows.size(0), 0);
}

TEST(ExactIndex, rows_that_have_no_length_are_refused_by_number) {
  auto rows = at::ones({5, 3});
  rows[3][1] = std::numeric_limits<float>::quiet_NaN();
  auto index = index_of(at::ones({2, 3}), Distance::cosine);
  EXPECT_NE(thrown([&] { index.add(rows); }).find("row 3 of 5 has a number that is not finite"),
            std::string::npos);
  EXPECT_EQ(index.size(), 2) << "nothing of it was added";
  EXPECT_NE(thrown([&] { (void)index.search(rows); }).find("query 3 of 5 has a number that is not finite"),
            std::string::npos);
  rows[3][1] = 1e30;
  EXPECT_NE(thrown([&] { index.add(rows); }).find("row 3 of 5 has a number whose square is too large"),
            std::string::npos);
}

TEST(ExactIndex, rows_whose_square_is_lost_keep_their_direction_or_are_refused_by_number) {
  auto rows = at::ones({5, 3});
  rows[3].mul_(1e-30);
  rows[4].zero_();
  auto lengths = index_of(at::ones({2, 3}), Distance::euclidean);
  EXPECT_NE(thrown([&] { lengths.add(rows); }).find("row 3 of 5 is so short"), std::string::npos);
  const auto found = index_of(at::eye(3) * 1e-30, Distance::cosine).search(at::eye(3), {1});
  EXPECT_TRUE(at::equal(found.rows.squeeze(1), at::arange(3, at::kLong)));
}

TEST(ExactIndex, what_does_not_fit_is_refused) {
  auto index = index_of(at::ones({4, 3}), Distance::dot);
  const auto one = at::ones({1, 3});
  EXPECT_NE(thrown([&] { index.add(at::ones({3})); }).find("not (3)"), std::string::npos);
  EXPECT_NE(thrown([&] {
              index.add(at::ones({2, 4}));
            }).find("rows of 3 numbers and was given rows of 4"),
            std::string::npos);
  EXPECT_NE(thrown([&] {
              (void)index.search(at::ones({2, 4}));
            }).find("rows of 3 numbers"),
            std::string::npos);
  EXPECT_NE(thrown([&] { (void)index.search(one, {0}); }).find("k is 0"), std::string::npos);
  EXPECT_NE(thrown([&] {
              (void)index.search(one, {1, 64, numbers({1, 2})});
            }).find("int64 (1)"),
            std::string::npos);
  EXPECT_NE(thrown([&] {
              (void)index.search(one, {1, 64, numbers({4})});
            }).find("between -1"),
            std::string::npos);
  EXPECT_NE(thrown([&] {
              (void)index.search(one, {1, 64, {}, at::ones({3}, at::kBool)});
            }).find("bool (4)"),
            std::string::npos);
  EXPECT_NE(thrown([] { (void)ExactIndex({Distance::lp, 0.5}); }).find("at least 1"), std::string::npos);
}

TEST(ExactIndex, another_object_finds_the_same_in_what_was_saved) {
  at::manual_seed(7);
  const testing::TemporaryFolder folder("exact_index");
  const auto rows = at::randn({33, 5}), more = at::randn({4, 5}), queries = at::randn({9, 5});
  for (const auto distance : kDistances) {
    const auto path = folder / ("index" + std::to_string(distance.kind));
    auto index = index_of(rows, distance);
    index.save(path);
    ExactIndex opened(distance);
    opened.add(at::ones({2, 7}));  // gives way
    opened.load(path);
    EXPECT_EQ(opened.size(), 33);
    EXPECT_EQ(opened.dimension(), 5);
    const auto compare = [&] {
      const auto expected = index.search(queries, {6}), found = opened.search(queries, {6});
      EXPECT_TRUE(at::equal(found.rows, expected.rows)) << distance.kind;
      EXPECT_TRUE(at::equal(found.distances, expected.distances)) << distance.kind;
    };
    compare();
    index.add(more);
    opened.add(more);
    compare();
    opened.save(path);  // over the one it was opened from
    opened.load(path);
    EXPECT_EQ(opened.size(), 37);
    compare();
  }
}

TEST(ExactIndex, another_distance_is_refused_and_changes_nothing) {
  const testing::TemporaryFolder folder("exact_index_distance");
  index_of(at::ones({3, 2}), {Distance::lp, 3}).save(folder / "index");
  auto other = index_of(at::ones({1, 2}), Distance::cosine);
  EXPECT_NE(thrown([&] {
              other.load(folder / "index");
            }).find("an index of the distance lp with p = 3, and cosine is asked for"),
            std::string::npos);
  EXPECT_EQ(other.size(), 1);
  ExactIndex another({Distance::lp, 4});
  EXPECT_NE(thrown([&] { another.load(folder / "index"); }).find("lp with p = 4"), std::string::npos);
}

TEST(ExactIndex, threads_search_at_once) {
  at::manual_seed(9);
  const auto rows = at::randn({2000, 8}), queries = at::randn({60, 8});
  const auto index = index_of(rows, Distance::euclidean);
  const auto expected = index.search(queries, {7, 4 * 1000});  // too little for several threads
  std::atomic<int> wrong{0};
  const auto search = [&] {
    for (int i = 0; i < 20; ++i) {
      const auto found = index.search(queries, {7});
      if (!at::equal(found.rows, expected.rows) || !at::equal(found.distances, expected.distances)) ++wrong;
    }
  };
  std::thread one(search), two(search);
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ExactIndex, on_a_gpu_finds_what_it_finds_on_the_cpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU";
  at::manual_seed(10);
  const auto rows = at::randint(-3, 4, {500, 6}, at::kFloat),
             queries = at::randint(-3, 4, {40, 6}, at::kFloat);
  const auto excluded = at::randint(-1, 500, {40}, at::kLong);
  const auto candidates = at::randint(4, {500}, at::kLong).gt(0);
  for (const Distance distance : {Distance::euclidean, Distance::manhattan, Distance::dot}) {
    ExactIndex index(distance, at::kCUDA);
    index.add(rows);
    for (const int64_t tile_bytes : {4 * 100, 1 << 20}) {
      expect_same(index.search(queries, {12, tile_bytes, excluded, candidates}),
                  brute_force(rows, queries, distance, 12, excluded, candidates),
                  std::to_string(distance.kind));
    }
  }
}

}  // namespace
}  // namespace kindred::host
