#include "host/evaluation/ranking.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// All other rows ordered by (distance, row number), by the plainest means.
std::vector<int64_t> brute_force(const at::Tensor& x, int64_t query, Distance distance) {
  const auto d = distance_matrix(distance, x.to(at::kDouble), x.to(at::kDouble))[query].contiguous();
  std::vector<int64_t> order;
  for (int64_t i = 0; i < x.size(0); ++i) {
    if (i != query) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return d.data_ptr<double>()[a] < d.data_ptr<double>()[b]; });
  return order;
}

TEST(Ranking, equals_sorting_all_pairs_for_every_distance_and_tile) {
  at::manual_seed(3);
  const auto x = at::randn({57, 6});
  const auto labels = at::randint(5, {57}, at::kLong);
  const RetrievalTask task{labels, {}, {}, {}};
  const Relevance relevance(task);
  for (const auto distance : {Distance::cosine, Distance::euclidean, Distance::dot, Distance::manhattan}) {
    for (const int64_t tile_bytes : {1, 57 * 4 * 10, 1 << 20}) {
      int64_t seen = 0;
      rank_neighbours(x, task, relevance, {distance, 9, tile_bytes},
                      [&](int64_t first, const Ranking& ranking) {
                        EXPECT_EQ(first, seen);
                        for (int64_t i = 0; i < ranking.relevant.size(0); ++i) {
                          const auto query = first + i;
                          const auto order = brute_force(x, query, distance);
                          const auto label = labels[query].item<int64_t>();
                          int64_t relevant = 0, first_relevant = 0;
                          for (size_t k = 0; k < order.size(); ++k) {
                            const bool hit = labels[order[k]].item<int64_t>() == label;
                            relevant += hit;
                            if (hit && first_relevant == 0) first_relevant = static_cast<int64_t>(k) + 1;
                            if (k < 9) {
                              EXPECT_EQ(ranking.relevant[i][static_cast<int64_t>(k)].item<bool>(), hit);
                            }
                          }
                          EXPECT_EQ(ranking.relevant_count[i].item<int64_t>(), relevant);
                          EXPECT_EQ(ranking.first_relevant[i].item<int64_t>(), first_relevant);
                        }
                        seen += ranking.relevant.size(0);
                      });
      EXPECT_EQ(seen, 57);
    }
  }
}

TEST(Ranking, ties_go_by_row_number_and_a_query_never_finds_itself) {
  const auto x = at::ones({6, 2});
  // Rows 1 and 5 are relevant to row 2; without it, they are the second and the fifth.
  const RetrievalTask task{at::tensor(std::vector<int64_t>{0, 1, 1, 0, 0, 1}, at::kLong),
                           at::tensor(std::vector<int64_t>{2}, at::kLong),
                           {},
                           {}};
  RankingOptions options;
  options.depth = 100;
  int64_t calls = 0;
  rank_neighbours(x, task, Relevance(task), options, [&](int64_t first, const Ranking& ranking) {
    ++calls;
    EXPECT_EQ(first, 0);
    const std::vector<int64_t> relevant = {0, 1, 0, 0, 1};
    EXPECT_TRUE(at::equal(ranking.relevant, at::tensor(relevant, at::kLong).to(at::kBool).reshape({1, 5})));
    EXPECT_EQ(ranking.relevant_count.item<int64_t>(), 2);
    EXPECT_EQ(ranking.first_relevant.item<int64_t>(), 2);
  });
  EXPECT_EQ(calls, 1);
}

TEST(Ranking, of_all_rows_at_once_is_that_of_each_row_by_itself) {
  at::manual_seed(4);
  // Whole numbers, of which products and sums are exact, and ties are many.
  const auto x = at::randint(-2, 3, {1200, 6}, at::kFloat);
  RetrievalTask task{at::randint(200, {1200}, at::kLong), {}, {}, {}};
  const Relevance relevance(task);
  for (const Distance distance : {Distance::euclidean, Distance::dot}) {
    std::vector<Ranking> found;
    for (const auto& candidates : {at::Tensor(), at::ones({1200}, at::kBool)}) {
      task.candidates = candidates;
      Ranking whole;
      rank_neighbours(x, task, relevance, {distance, 9, 64 << 20},
                      [&](int64_t, const Ranking& ranking) { whole = ranking; });
      found.push_back(whole);
    }
    ASSERT_EQ(found[0].relevant.size(0), 1200);
    EXPECT_TRUE(at::equal(found[0].relevant, found[1].relevant));
    EXPECT_TRUE(at::equal(found[0].relevant_count, found[1].relevant_count));
    EXPECT_TRUE(at::equal(found[0].first_relevant, found[1].first_relevant));
  }
}

TEST(Ranking, of_very_long_and_very_short_rows_is_that_of_ordinary_ones) {
  at::manual_seed(3);
  const auto x = at::randn({40, 6});
  const RetrievalTask task{at::randint(5, {40}, at::kLong), {}, {}, {}};
  const Relevance relevance(task);
  const auto ranked = [&](const at::Tensor& rows, Distance distance) {
    std::vector<at::Tensor> tiles;
    rank_neighbours(rows, task, relevance, {distance, 9, 1 << 20},
                    [&](int64_t, const Ranking& ranking) { tiles.push_back(ranking.relevant.clone()); });
    return at::cat(tiles);
  };
  for (const Distance distance : {Distance(Distance::cosine), Distance(Distance::euclidean),
                                  Distance(Distance::dot), Distance(Distance::lp, 3)}) {
    const auto expected = ranked(x, distance);
    for (const double length : {1e30, 1e-30})
      EXPECT_TRUE(at::equal(ranked(x * length, distance), expected)) << distance.kind << " " << length;
  }
  auto mixed = x.clone();
  mixed[7].mul_(1e30);
  EXPECT_THROW(ranked(mixed, Distance::euclidean), Error) << "the others would all be at one place";
  EXPECT_NO_THROW(ranked(mixed, Distance::cosine));
}

TEST(Ranking, takes_scores_of_another_in_place_of_the_distance) {
  const auto x = at::randn({31, 4});
  const RetrievalTask task{at::randint(4, {31}, at::kLong), {}, {}, {}};
  const Relevance relevance(task);
  const auto relevant_of = [&](const RankingOptions& options) {
    std::vector<at::Tensor> parts, firsts;
    rank_neighbours(x, task, relevance, options, [&](int64_t, const Ranking& ranking) {
      parts.push_back(ranking.relevant.clone());
      firsts.push_back(ranking.first_relevant.clone());
    });
    return std::make_pair(at::cat(parts), at::cat(firsts));
  };
  RankingOptions plain{Distance::euclidean, 30, 1 << 20}, other{Distance::cosine, 30, 31 * 4 * 7};
  other.scores = [&](const at::Tensor& queries) {
    return distance_matrix(Distance::euclidean, x.index_select(0, queries), x).neg();
  };
  const auto expected = relevant_of(plain), found = relevant_of(other);
  EXPECT_TRUE(at::equal(found.first, expected.first));
  EXPECT_TRUE(at::equal(found.second, expected.second));
}

}  // namespace
}  // namespace kindred::host
