#include "kindred/exact_search.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "kindred/search/scored_rows.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using testing::thrown;

const std::vector<Distance> kDistances = {
    Distance::cosine, Distance::euclidean, Distance::squared_euclidean, Distance::manhattan, Distance::dot,
    Distance::snr,    {Distance::lp, 3}};

at::Tensor numbers(const std::vector<int64_t>& list) { return at::tensor(list, at::kLong); }

TensorRows rows_of(const at::Tensor& rows, Distance distance, at::ScalarType dtype = at::kFloat) {
  return TensorRows(comparable_rows(distance, rows).to(dtype));
}

Neighbours search(const at::Tensor& rows, Distance distance, const at::Tensor& queries,
                  const IndexSearch& request) {
  return exact_search(rows_of(rows, distance), distance, queries, request);
}

/// What must be found, from distances in float64 and a stable sort.
Neighbours brute_force(const at::Tensor& rows, const at::Tensor& queries, Distance distance, int64_t k,
                       const at::Tensor& candidates) {
  const auto d = distance_matrix(distance, queries.to(at::kDouble), rows.to(at::kDouble)).contiguous();
  Neighbours out{at::full({queries.size(0), k}, -1, at::kLong),
                 at::full({queries.size(0), k}, std::numeric_limits<float>::infinity())};
  for (int64_t q = 0; q < queries.size(0); ++q) {
    const auto* row = d.data_ptr<double>() + q * rows.size(0);
    std::vector<int64_t> order;
    for (int64_t i = 0; i < rows.size(0); ++i) {
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

TEST(ExactSearch, equals_brute_force_for_every_distance_and_depth) {
  at::manual_seed(3);
  const auto rows = at::randn({57, 6}), queries = at::randn({21, 6});
  const auto candidates = at::randint(4, {57}, at::kLong).gt(0);
  for (const auto distance : kDistances) {
    for (const int64_t k : {1, 9, 80}) {
      const auto where = std::to_string(distance.kind) + ", k " + std::to_string(k);
      expect_same(search(rows, distance, queries, {k}), brute_force(rows, queries, distance, k, {}), where);
      expect_same(search(rows, distance, queries, {k, candidates}),
                  brute_force(rows, queries, distance, k, candidates), where + ", filtered");
    }
  }
}

/// Whole numbers, of which products and sums are exact: every tile sees the same ties.
at::Tensor whole_numbers(int64_t count, int64_t dimension) {
  return at::randint(-2, 3, {count, dimension}, at::kFloat);
}

TEST(ExactSearch, equals_brute_force_over_many_tiles_of_rows_and_queries) {
  at::manual_seed(2);
  const auto rows = whole_numbers(2001, 7), queries = whole_numbers(1030, 7);
  for (const Distance distance : {Distance::euclidean, Distance::dot}) {
    expect_same(search(rows, distance, queries, {11}), brute_force(rows, queries, distance, 11, {}),
                std::to_string(distance.kind));
  }
}

TEST(ExactSearch, finds_candidates_however_few_they_are) {
  at::manual_seed(12);
  const auto rows = whole_numbers(4001, 7), queries = whole_numbers(260, 7);
  for (const int64_t every : {2, 3, 100, 3000}) {
    const auto candidates = at::arange(4001, at::kLong).remainder(every).eq(1);
    for (const auto& kept : {candidates, candidates.logical_not()}) {
      expect_same(search(rows, Distance::euclidean, queries, {11, kept}),
                  brute_force(rows, queries, Distance::euclidean, 11, kept), std::to_string(every));
    }
  }
  const auto none = search(rows, Distance::euclidean, queries, {3, at::zeros({4001}, at::kBool)});
  EXPECT_TRUE(none.rows.eq(-1).all().item<bool>());
}

TEST(ExactSearch, queries_that_are_rows_find_themselves_at_distance_zero) {
  at::manual_seed(4);
  const auto rows = at::randn({30, 5});
  for (const Distance distance : {Distance::euclidean, Distance::manhattan, Distance::snr}) {
    const auto found = search(rows, distance, rows, {1});
    EXPECT_TRUE(at::equal(found.rows.squeeze(1), at::arange(30, at::kLong)));
    EXPECT_EQ(found.distances.max().item<float>(), 0);
  }
}

TEST(ExactSearch, equal_distances_go_by_row_number) {
  at::manual_seed(5);
  const auto rows = at::randint(-1, 2, {90, 3}, at::kFloat),
             queries = at::randint(-1, 2, {20, 3}, at::kFloat);
  for (const Distance distance :
       {Distance::euclidean, Distance::squared_euclidean, Distance::manhattan, Distance::dot}) {
    for (const int64_t k : {1, 4, 33}) {
      expect_same(search(rows, distance, queries, {k}), brute_force(rows, queries, distance, k, {}),
                  std::to_string(distance.kind) + ", k " + std::to_string(k));
    }
  }
  const auto same = search(at::ones({6, 2}), Distance::cosine, at::ones({1, 2}), {100});
  EXPECT_TRUE(at::equal(same.rows.slice(1, 0, 7), numbers({0, 1, 2, 3, 4, 5, -1}).reshape({1, 7})));
}

TEST(ExactSearch, of_rows_in_float16_is_that_of_the_numbers_they_hold) {
  at::manual_seed(6);
  const auto queries = at::randn({7, 40});
  for (const auto distance : kDistances) {
    const auto stored = rows_of(at::randn({3000, 40}), distance, at::kHalf);
    const auto held = stored.rows(0, stored.size()).to(at::kFloat);
    expect_same(exact_search(stored, distance, queries, {5}), brute_force(held, queries, distance, 5, {}),
                std::to_string(distance.kind));
  }
}

TEST(ExactSearch, without_rows_or_queries_nothing_is_found) {
  const auto found = search(at::empty({0, 3}), Distance::cosine, at::ones({2, 3}), {4});
  EXPECT_TRUE(at::equal(found.rows, at::full({2, 4}, -1, at::kLong)));
  EXPECT_TRUE(found.distances.isinf().all().item<bool>());
  EXPECT_EQ(search(at::ones({2, 3}), Distance::cosine, at::empty({0, 3}), {4}).rows.size(0), 0);
}

TEST(ExactSearch, rows_that_have_no_length_are_refused_by_number) {
  auto rows = at::ones({5, 3});
  rows[3][1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(thrown([&] {
              check_rows(Distance::cosine, rows, "row");
            }).find("row 3 of 5 has a number that is not finite"),
            std::string::npos);
  EXPECT_NE(thrown([&] {
              (void)search(at::ones({2, 3}), Distance::cosine, rows, {});
            }).find("query 3 of 5 has a number that is not finite"),
            std::string::npos);
  const auto found = exact_search(TensorRows(rows), Distance::dot, at::ones({1, 3}), {5});
  EXPECT_TRUE(at::equal(found.rows, numbers({0, 1, 2, 4, -1}).reshape({1, 5})));
  rows[3][1] = 1e30;
  EXPECT_NE(thrown([&] {
              check_rows(Distance::cosine, rows, "row");
            }).find("row 3 of 5 has a number whose square is too large"),
            std::string::npos);
}

TEST(ExactSearch, rows_whose_square_is_lost_keep_their_direction_or_are_refused_by_number) {
  auto rows = at::ones({5, 3});
  rows[3].mul_(1e-30);
  rows[4].zero_();
  EXPECT_NE(thrown([&] { check_rows(Distance::euclidean, rows, "row"); }).find("row 3 of 5 is so short"),
            std::string::npos);
  const auto found = search(at::eye(3) * 1e-30, Distance::cosine, at::eye(3), {1});
  EXPECT_TRUE(at::equal(found.rows.squeeze(1), at::arange(3, at::kLong)));
}

TEST(ExactSearch, what_does_not_fit_is_refused) {
  const auto rows = at::ones({4, 3}), one = at::ones({1, 3});
  const auto refused = [&](const at::Tensor& queries, const IndexSearch& request) {
    return thrown([&] { (void)search(rows, Distance::dot, queries, request); });
  };
  EXPECT_NE(refused(at::ones({3}), {}).find("not Float (3)"), std::string::npos);
  EXPECT_NE(refused(at::ones({2, 4}), {}).find("rows of 3 numbers"), std::string::npos);
  EXPECT_NE(refused(one.to(at::kDouble), {}).find("not Double (1, 3)"), std::string::npos);
  EXPECT_NE(refused(one, {0}).find("k is 0"), std::string::npos);
  EXPECT_NE(refused(one, {1, at::ones({3}, at::kBool)}).find("bool (4)"), std::string::npos);
  EXPECT_NE(thrown([&] {
              (void)exact_search(TensorRows(rows), {Distance::lp, 0.5}, one, {});
            }).find("at least 1"),
            std::string::npos);
}

TEST(ExactSearch, threads_search_at_once) {
  at::manual_seed(9);
  const auto rows = at::randn({5000, 8}), queries = at::randn({60, 8});
  const auto expected = search(rows, Distance::euclidean, queries, {7});
  std::atomic<int> wrong{0};
  const auto repeat = [&] {
    for (int i = 0; i < 20; ++i) {
      const auto found = search(rows, Distance::euclidean, queries, {7});
      if (!at::equal(found.rows, expected.rows) || !at::equal(found.distances, expected.distances)) ++wrong;
    }
  };
  std::thread one(repeat), two(repeat);
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ExactSearch, on_a_gpu_finds_what_it_finds_on_the_cpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU";
  at::manual_seed(10);
  const auto rows = at::randint(-3, 4, {500, 6}, at::kFloat),
             queries = at::randint(-3, 4, {40, 6}, at::kFloat);
  for (const int64_t every : {2, 5}) {
    const auto candidates = at::arange(500, at::kLong).remainder(every).gt(0);
    for (const auto& kept : {candidates, candidates.logical_not()}) {
      for (const Distance distance : {Distance::euclidean, Distance::manhattan, Distance::dot}) {
        expect_same(exact_search(TensorRows(rows.cuda()), distance, queries, {12, kept}),
                    brute_force(rows, queries, distance, 12, kept), std::to_string(distance.kind));
      }
    }
  }
}

TEST(Rescored, rows_come_in_the_order_of_their_distances_to_the_stored_rows) {
  at::manual_seed(11);
  const auto rows = at::randn({50, 6}), queries = at::randn({9, 6});
  for (const auto distance : kDistances) {
    auto found = at::stack(std::vector<at::Tensor>(9, at::randperm(50, at::kLong)));
    expect_same(rescored(rows_of(rows, distance), distance, queries, found, 12),
                brute_force(rows, queries, distance, 12, {}), std::to_string(distance.kind));
    found.slice(1, 4).fill_(-1);
    const auto few = rescored(rows_of(rows, distance), distance, queries, found, 6);
    const auto candidates = at::zeros({50}, at::kBool).index_fill_(0, found[0].slice(0, 0, 4), true);
    expect_same(few, brute_force(rows, queries, distance, 6, candidates), std::to_string(distance.kind));
  }
}

TEST(Rescored, rows_that_are_not_there_are_refused) {
  const TensorRows rows(at::ones({4, 3}));
  for (const int64_t row : {-2, 4}) {
    EXPECT_NE(thrown([&] {
                (void)rescored(rows, Distance::dot, at::ones({1, 3}), numbers({0, row}).reshape({1, 2}), 2);
              }).find("the rows are 0 to 3"),
              std::string::npos);
  }
  EXPECT_NE(thrown([&] {
              (void)rescored(rows, Distance::dot, at::ones({2, 3}), numbers({0}).reshape({1, 1}), 2);
            }).find("int64 (2, M)"),
            std::string::npos);
}

}  // namespace
}  // namespace kindred
